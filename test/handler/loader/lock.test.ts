/** R1: the lock. B21, B22: what may stand in it; it decides paths, hosts and bytes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { formatLock } from '../../../artifact/lock.ts';
import { HandlerError } from '../../../handler/errors.ts';
import { checkLock, isPackageName, readLock } from '../../../handler/lock.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';

const { artifact } = await makeArtifact(smallPackage, { versionId: 'v.1_-' });
const lock = lockOf([{ ...artifact, packages: [{ name: '@scope/small.name', version: '1.0.0' }] }]);
const text = formatLock(lock);

test('a sound lock is read as it is written', t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'lock-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'deps.lock.json'), text);
  t.deepEqual(readLock(folder), lock);
});

test('B22 a lock that is missing has a code of its own', t => {
  const error = t.throws(() => readLock('/nowhere/at/all'), {
    code: 'LOCK_MISSING',
    message: 'the lock cannot be read (expected /nowhere/at/all/deps.lock.json, found ENOENT)',
  }) as HandlerError;
  t.regex(error.hint ?? '', /^run "layer-builder package"/);
  t.deepEqual(error.details, { file: '/nowhere/at/all/deps.lock.json' });
});

test('B22 a lock cut short anywhere is invalid', t => {
  for (let length = 0; length < text.trimEnd().length; length += 7) {
    t.throws(() => checkLock(text.slice(0, length)), { code: 'LOCK_INVALID' }, `${length}`);
  }
});

test('B22 an unknown format version is refused as such', t => {
  t.throws(() => checkLock(text.replace('"formatVersion": 1', '"formatVersion": 2')), {
    code: 'LOCK_VERSION',
  });
});

const first = 'artifacts[0]';
const here = `${first}.published.us-east-1`;
const once = 'each key once';
const artifactName = '/^[a-z][a-z0-9-]{0,31}$/';
const packageName = 'names of npm packages';
const ofDigest = `${artifact.digest.replace(':', '/')}.zip`;

type Row = readonly [from: string, to: string, at: string, expected: string, found: string];
/** What is exchanged in the lock's text, and what is said about it. */
const bad: Readonly<Record<string, Row>> = {
  'B22 a key twice': ['"size":', '"size": 7, "size":', 'the file', once, '"size" again'],
  'B22 a key twice, once escaped': ['"size":', '"si\\u007ae": 7, "size":', 'the file', once, '"size" again'],
  'B22 a key twice at the top': [
    '"service":',
    '"artifacts": [], "service":',
    'the file',
    once,
    '"artifacts" again',
  ],
  'B22 a key twice around an object': [
    '"load":',
    '"s3" : {"s3":{}}, "load":',
    'the file',
    once,
    '"s3" again',
  ],
  'B22 a key twice around a list': [
    '"load":',
    '"tree": ["tree", {}], "load":',
    'the file',
    once,
    '"tree" again',
  ],
  'B22 a key with a quotation mark twice': [
    '"load":',
    '"\\"": 1, "\\"": 2, "load":',
    'the file',
    once,
    '"\\"" again',
  ],
  'B21 __proto__ as a key': [
    '"service":',
    '"__proto__": {}, "service":',
    'the file',
    once,
    '"__proto__" again',
  ],
  'B21 __proto__ deep inside': ['"1.0.0"', '"1.0.0", "__proto__": 1', 'the file', once, '"__proto__" again'],
  'B21 an artifact named ../x': ['"core"', '"../x"', `${first}.name`, artifactName, '"../x"'],
  'B21 an artifact named __proto__': ['"core"', '"__proto__"', `${first}.name`, artifactName, '"__proto__"'],
  ...Object.fromEntries(
    ['../x', '/etc/passwd', '__proto__', '@scope/__proto__', `@a/${'b'.repeat(212)}`].map(name => {
      const found = name.length > 80 ? `"${name.slice(0, 78)}…` : `"${name}"`;
      const row: Row = ['"@scope/small.name"', `"${name}"`, `${first}.packages`, packageName, found];
      return [`B21 a package named ${name.slice(0, 20)}`, row];
    }),
  ),
  ...Object.fromEntries(
    ['../', './', 'a/./', '/', 'a//', 'a\n/', `${'a'.repeat(1025 - ofDigest.length - 1)}/`].map(prefix => {
      const key = JSON.stringify(`${prefix}${ofDigest}`);
      const found = key.length > 80 ? `${key.slice(0, 79)}…` : key;
      const row: Row = [
        '"key": "',
        `"key": ${key.slice(0, -1 - ofDigest.length)}`,
        `${first}.s3.key`,
        'a plain S3 key',
        found,
      ];
      return [`B21 a key that begins with ${JSON.stringify(prefix.slice(0, 20))}`, row];
    }),
  ),
  ...Object.fromEntries(
    ['evil.example/x', 'a@evil', 'a..b', 'ab', 'a'.repeat(64), '-ab', 'ab-', 'Artifacts'].map(name => {
      const to = `"bucket": "${name}"`;
      const row: Row = ['"bucket": "artifacts"', to, `${here}.bucket`, 'the name of a bucket', `"${name}"`];
      return [`B21 a bucket named ${name}`, row];
    }),
  ),
  ...Object.fromEntries(
    ['evil.example/#', 'x.us-east-1', 'us-east-1.x', 'us', 'u-east', 'US-east-1', 'us-east-1-a-b-c'].map(
      name => {
        const row: Row = ['"us-east-1"', `"${name}"`, `${first}.published`, 'names of regions', `"${name}"`];
        return [`B21 a region named ${name}`, row];
      },
    ),
  ),
  'B21 a version id with a line feed': [
    '"v.1_-"',
    '"a\\r\\nb"',
    `${here}.versionId`,
    'the id of a version',
    '"a\\r\\nb"',
  ],
  'a size beyond what Lambda takes': [
    `"size": ${artifact.size}`,
    '"size": 262144001',
    `${first}.size`,
    'at most 262144000 bytes',
    `262144001, ${artifact.unpackedSize}`,
  ],
  'an unpacked size beyond what Lambda takes': [
    `"unpackedSize": ${artifact.unpackedSize}`,
    '"unpackedSize": 1e15',
    `${first}.size`,
    'at most 262144000 bytes',
    `${artifact.size}, 1000000000000000`,
  ],
};

for (const [title, [from, to, at, expected, found]] of Object.entries(bad)) {
  test(`${title} is refused`, t => {
    t.true(text.includes(from), 'the row changes nothing');
    const error = t.throws(() => checkLock(text.replace(from, to)), {
      instanceOf: HandlerError,
    }) as HandlerError;
    t.is(error.code, 'LOCK_INVALID');
    t.is(error.message, `${at} of the lock is not valid (expected ${expected}, found ${found})`);
    t.regex(error.hint ?? '', /^run "layer-builder build" again/);
    t.deepEqual(error.details, { at, expected, found });
    t.is(Object.getOwnPropertyNames(Object.prototype).includes('polluted'), false);
  });
}

test('B21 __proto__ is refused as well where the lock is written as its own writer writes it', t => {
  const hostile = formatLock(JSON.parse(text.replace('"service":', '"__proto__": {}, "service":')));
  t.true(hostile.includes('"__proto__"'));
  t.throws(() => checkLock(hostile), { code: 'LOCK_INVALID', message: /"__proto__" again/ });
});

/** What is exchanged and is still a lock. */
const good: Readonly<Record<string, [from: string, to: string]>> = {
  'the same key in two objects': ['"1.0.0"', '"1.0.0", "service": "x"'],
  'keys and braces inside of a text': ['"test"', '"{\\"a\\":1,\\"a\\":2}}"'],
  'texts that are no keys': [
    '"service":',
    '"a": "b", "b": "a", "c": ["d", "d", "c", {"c": 1}, {"c": 1}], "service":',
  ],
  'a text that is a key elsewhere': ['"test"', '"service"'],
  'the largest sizes': [`"unpackedSize": ${artifact.unpackedSize}`, '"unpackedSize": 262144000'],
  'the largest zip': [`"size": ${artifact.size}`, '"size": 262144000'],
  'the longest key': ['"key": "', `"key": "${'a'.repeat(1024 - ofDigest.length - 1)}/`],
  'a bucket with dots': ['"bucket": "artifacts"', '"bucket": "my.bucket-1"'],
  'a region of another partition': ['"us-east-1"', '"us-iso-east-1"'],
  'no version id': ['"versionId"', '"other"'],
  'a package that only begins like __proto__': ['"@scope/small.name"', '"__proto__2"'],
  'the longest package name': ['"@scope/small.name"', `"${'a'.repeat(214)}"`],
};
for (const [title, [from, to]] of Object.entries(good)) {
  test(`${title} may be in a lock`, t => {
    t.true(text.includes(from), 'the row changes nothing');
    t.notThrows(() => checkLock(text.replace(from, to)));
  });
}

test('B21 no name with a separator, a dot folder or a control character is a package name', t => {
  const seed = 20_261_123;
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), name => {
      if (!isPackageName(name)) return true;
      const joined = path.posix.join('/store', name);
      return joined.startsWith('/store/') && joined === `/store/${name}` && !/[\p{Cc}\\]/u.test(name);
    }),
    { seed, numRuns: 5000 },
  );
  for (const name of [
    '..',
    '.',
    '',
    'a/b',
    '@a',
    '@a/',
    '@/b',
    '@../b',
    'a\\b',
    'a:b',
    ' a',
    'a%2fb',
    '.bin',
  ]) {
    t.false(isPackageName(name), name);
  }
  for (const name of ['koa', '@koa/router', 'JSONStream', 'a.b-c_d~e', '3d'])
    t.true(isPackageName(name), name);
});
