/** The lock: what is accepted, what is refused, and with which words. */
import test from 'ava';
import { CodedError } from '../../artifact/error.ts';
import { formatLock, parseLock } from '../../artifact/lock.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const key = `sha256/${'a'.repeat(64)}.zip`;

function sample(): Record<string, unknown> {
  return {
    formatVersion: 1,
    service: 'sample',
    runtime: 'nodejs24.x',
    architecture: 'x86_64',
    artifacts: [
      {
        name: 'core',
        load: 'eager',
        digest,
        tree: digest,
        size: 10,
        unpackedSize: 20,
        files: 2,
        packages: [{ name: 'koa', version: '3.3.0', integrity: 'sha512-x', license: 'MIT' }],
        s3: { key },
        published: { 'us-east-1': { bucket: 'b', versionId: 'v', layerVersionArn: 'arn' } },
      },
    ],
  };
}

/** The sample with one value exchanged; `path` leads to it, a step a name or an index. Undefined takes it away. */
function withValue(path: string, value: unknown): Record<string, unknown> {
  const lock = sample();
  const steps = path.split(' ');
  const last = steps.pop() ?? '';
  let place = lock;
  for (const step of steps) place = place[step] as Record<string, unknown>;
  place[last] = value;
  return lock;
}

test('a lock is read back as it was written, unknown fields included', t => {
  const lock = { ...sample(), later: { field: 1 } };
  t.deepEqual(parseLock(JSON.stringify(lock)) as unknown, lock);
  t.is(formatLock(parseLock(JSON.stringify(lock))), `${JSON.stringify(lock, null, 2)}\n`);
});

test('what is optional may be missing, and a file may be empty', t => {
  const lock = withValue('artifacts 0 published us-east-1', { bucket: 'b' });
  t.deepEqual(parseLock(JSON.stringify(lock)) as unknown, lock);
  for (const path of ['size', 'unpackedSize', 'files']) {
    t.notThrows(() => parseLock(JSON.stringify(withValue(`artifacts 0 ${path}`, 0))), path);
  }
  t.notThrows(() => parseLock(JSON.stringify(withValue('artifacts 0 load', 'lazy'))));
  t.notThrows(() => parseLock(JSON.stringify(withValue('artifacts', []))));
  t.notThrows(() => parseLock(JSON.stringify(withValue('artifacts 0 s3 key', `a/${key}`))));
});

/** Says everything that is said: the field, what was expected, what was found. */
const refused = test.macro({
  exec(t, source: string, at: string, expected: string, found: string) {
    const { code, message, hint, details } = t.throws(() => parseLock(source), {
      instanceOf: CodedError,
    }) as CodedError;
    t.is(code, 'LOCK_INVALID');
    t.is(message, `${at} of the lock is not valid (expected ${expected}, found ${found})`);
    t.is(hint, 'run "layer-builder build" again; do not edit deps.lock.json by hand');
    t.deepEqual(details, { at, expected, found });
  },
  title: (name = '') => `a lock is refused: ${name}`,
});

const cut = JSON.stringify(sample()).slice(0, 100);
test('cut short', refused, cut, 'the file', 'JSON', '100 characters that do not parse');
test('empty', refused, '', 'the file', 'JSON', '0 characters that do not parse');

/** Text that is JSON but no lock → what is said of it. */
const noLocks: Readonly<Record<string, [source: string, found: string]>> = {
  'a list': ['[]', '[]'],
  'a list that looks like a lock': ['[{"formatVersion":1}]', '[{"formatVersion":1}]'],
  null: ['null', 'null'],
  'a number': ['1', '1'],
  'a text': ['"lock"', '"lock"'],
};
for (const [name, [source, found]] of Object.entries(noLocks)) {
  test(name, refused, source, 'the file', 'an object', found);
}

const digits = 'sha256: and 64 hexadecimal digits';
const ofDigest = 'a key that ends in sha256/<digest>.zip';
const text = 'a text that is not empty';
const whole = 'a whole number ≥ 0';
const first = 'artifacts[0]';
const here = `${first}.published.us-east-1`;

type Row = readonly [path: string, value: unknown, at: string, expected: string, found: string];
const wrong: readonly Row[] = [
  ['service', '', 'service', text, '""'],
  ['service', undefined, 'service', text, 'nothing'],
  ['runtime', 'nodejs20.x', 'runtime', 'nodejs24.x or nodejs22.x', '"nodejs20.x"'],
  ['architecture', 'x64', 'architecture', 'x86_64 or arm64', '"x64"'],
  ['artifacts', {}, 'artifacts', 'a list', '{}'],
  ['artifacts 0', 'core', first, 'an object', '"core"'],
  ['artifacts 0', null, first, 'an object', 'null'],
  ...['../x', '/etc', 'a/b', '__proto__', 'Core', 'a'.repeat(33)].map(
    name =>
      ['artifacts 0 name', name, `${first}.name`, '/^[a-z][a-z0-9-]{0,31}$/', JSON.stringify(name)] as const,
  ),
  ['artifacts 0 name', '', `${first}.name`, text, '""'],
  [
    'artifacts 1',
    (sample()['artifacts'] as unknown[])[0],
    'artifacts[1].name',
    'a name used once',
    '"core" again',
  ],
  ['artifacts 0 load', 'soon', `${first}.load`, 'eager or lazy', '"soon"'],
  ['artifacts 0 digest', 'sha256:A', `${first}.digest`, digits, '"sha256:A"'],
  ['artifacts 0 tree', undefined, `${first}.tree`, digits, 'nothing'],
  ['artifacts 0 tree', `${'a'.repeat(78)}`, `${first}.tree`, digits, `"${'a'.repeat(78)}"`],
  ['artifacts 0 tree', `${'a'.repeat(79)}`, `${first}.tree`, digits, `"${'a'.repeat(78)}…`],
  ['artifacts 0 size', 1.5, `${first}.size`, whole, '1.5'],
  ['artifacts 0 unpackedSize', -1, `${first}.unpackedSize`, whole, '-1'],
  ['artifacts 0 files', '2', `${first}.files`, whole, '"2"'],
  ['artifacts 0 packages', null, `${first}.packages`, 'a list', 'null'],
  ['artifacts 0 packages 0', 'koa', `${first}.packages[0]`, 'an object', '"koa"'],
  ['artifacts 0 packages 0 name', '', `${first}.packages[0].name`, text, '""'],
  ['artifacts 0 packages 0 version', 3, `${first}.packages[0].version`, text, '3'],
  ['artifacts 0 s3', [], `${first}.s3`, 'an object', '[]'],
  ['artifacts 0 s3 key', '', `${first}.s3.key`, text, '""'],
  ['artifacts 0 s3 key', 'sha256/other.zip', `${first}.s3.key`, ofDigest, '"sha256/other.zip"'],
  ['artifacts 0 published', [], `${first}.published`, 'an object', '[]'],
  ['artifacts 0 published us-east-1', 'b', here, 'an object', '"b"'],
  ['artifacts 0 published us-east-1', {}, `${here}.bucket`, text, 'nothing'],
  ['artifacts 0 published us-east-1 versionId', null, `${here}.versionId`, text, 'null'],
  ['artifacts 0 published us-east-1 layerVersionArn', '', `${here}.layerVersionArn`, text, '""'],
];
for (const [path, value, at, expected, found] of wrong) {
  test(`${path} is ${found}`, refused, JSON.stringify(withValue(path, value)), at, expected, found);
}

test('a lock of another format is refused as such, and says which', t => {
  for (const [version, found] of [
    [2, '2'],
    ['1', '"1"'],
    [undefined, 'nothing'],
  ]) {
    const error = t.throws(() => parseLock(JSON.stringify(withValue('formatVersion', version))), {
      code: 'LOCK_VERSION',
      message: `unknown lock format (expected formatVersion 1, found ${found})`,
    });
    t.is((error as CodedError).hint, 'build and deploy with the same version of layer-builder');
  }
});
