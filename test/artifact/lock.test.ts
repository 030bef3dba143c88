/** The lock: what is accepted, what is refused, and with which words. */
import test from 'ava';
import { isCodedError } from '../../artifact/error.ts';
import { formatLock, parseLock } from '../../artifact/lock.ts';

const digest = `sha256:${'a'.repeat(64)}`;

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
        s3: { key: `sha256/${'a'.repeat(64)}.zip` },
        published: { 'us-east-1': { bucket: 'b', versionId: 'v', layerVersionArn: 'arn' } },
      },
    ],
  };
}

function withArtifact(change: Record<string, unknown>): Record<string, unknown> {
  const lock = sample();
  const [first] = lock['artifacts'] as [Record<string, unknown>];
  return { ...lock, artifacts: [{ ...first, ...change }] };
}

test('a lock is read back as it was written, unknown fields included', t => {
  const lock = { ...sample(), later: { field: 1 } };
  t.deepEqual(parseLock(JSON.stringify(lock)) as unknown, lock);
  t.is(formatLock(parseLock(JSON.stringify(lock))), `${JSON.stringify(lock, null, 2)}\n`);
});

const refused = test.macro({
  exec(t, source: string, code: string, words: RegExp) {
    const error = t.throws(() => parseLock(source));
    t.true(isCodedError(error) && error.code === code, `code is ${isCodedError(error) ? error.code : error}`);
    t.regex(error?.message ?? '', words);
    t.truthy(isCodedError(error) && error.hint);
  },
  title: (name = '') => `a lock is refused: ${name}`,
});

test('cut short', refused, JSON.stringify(sample()).slice(0, 100), 'LOCK_INVALID', /expected JSON/);
test('empty', refused, '', 'LOCK_INVALID', /expected JSON, found 0 characters/);
test('a list', refused, '[]', 'LOCK_INVALID', /expected an object/);
test(
  'a format of the future',
  refused,
  JSON.stringify({ ...sample(), formatVersion: 2 }),
  'LOCK_VERSION',
  /expected formatVersion 1, found 2/,
);
test('no format', refused, '{}', 'LOCK_VERSION', /found nothing/);
test(
  'an unknown runtime',
  refused,
  JSON.stringify({ ...sample(), runtime: 'nodejs20.x' }),
  'LOCK_INVALID',
  /nodejs24.x or nodejs22.x, found "nodejs20.x"/,
);
test(
  'an unknown architecture',
  refused,
  JSON.stringify({ ...sample(), architecture: 'x64' }),
  'LOCK_INVALID',
  /x86_64 or arm64/,
);
for (const name of ['../x', '/etc', 'a/b', '__proto__', 'Core', '', 'a'.repeat(40)]) {
  test(
    `the artifact name ${JSON.stringify(name)}`,
    refused,
    JSON.stringify(withArtifact({ name })),
    'LOCK_INVALID',
    /artifacts\[0\]\.name/,
  );
}
test(
  'a digest in capitals',
  refused,
  JSON.stringify(withArtifact({ digest: digest.toUpperCase() })),
  'LOCK_INVALID',
  /artifacts\[0\]\.digest/,
);
test(
  'a size that is a fraction',
  refused,
  JSON.stringify(withArtifact({ size: 1.5 })),
  'LOCK_INVALID',
  /artifacts\[0\]\.size/,
);
test(
  'a key that is not of the digest',
  refused,
  JSON.stringify(withArtifact({ s3: { key: 'sha256/other.zip' } })),
  'LOCK_INVALID',
  /s3\.key/,
);
test(
  'a region without bucket',
  refused,
  JSON.stringify(withArtifact({ published: { 'us-east-1': {} } })),
  'LOCK_INVALID',
  /published\.us-east-1\.bucket/,
);
test(
  'the same artifact twice',
  refused,
  JSON.stringify({
    ...sample(),
    artifacts: [...(sample()['artifacts'] as object[]), ...(sample()['artifacts'] as object[])],
  }),
  'LOCK_INVALID',
  /used once/,
);
