/** R1: the lock. B21, B22: what may stand in it; it decides paths, hosts and bytes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { formatLock } from '../../../artifact/lock.ts';
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
  t.throws(() => readLock('/nowhere/at/all'), { code: 'LOCK_MISSING', message: /ENOENT/ });
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

const bad: Readonly<Record<string, [from: string, to: string]>> = {
  'B22 a key twice': ['"size":', '"size": 7, "size":'],
  'B22 a key twice, once escaped': ['"size":', '"si\\u007ae": 7, "size":'],
  'B22 a key twice at the top': ['"service":', '"artifacts": [], "service":'],
  'B21 __proto__ as a key': ['"service":', '"__proto__": {}, "service":'],
  'B21 __proto__ deep inside': ['"version": "1.0.0"', '"version": "1.0.0", "__proto__": 1'],
  'B21 an artifact named ../x': ['"name": "core"', '"name": "../x"'],
  'B21 an artifact named __proto__': ['"name": "core"', '"name": "__proto__"'],
  'B21 a package named ../x': ['"@scope/small.name"', '"../x"'],
  'B21 a package with an absolute name': ['"@scope/small.name"', '"/etc/passwd"'],
  'B21 a package named __proto__': ['"@scope/small.name"', '"__proto__"'],
  'B21 a package named @scope/__proto__': ['"@scope/small.name"', '"@scope/__proto__"'],
  'B21 a key with ..': ['"key": "sha256', '"key": "../sha256'],
  'B21 an absolute key': ['"key": "sha256', '"key": "/sha256'],
  'B21 a key with a line feed': ['"key": "sha256', '"key": "a\\nb/sha256'],
  'B21 a bucket that is a host with a path': ['"bucket": "artifacts"', '"bucket": "evil.example/x"'],
  'B21 a bucket with an @': ['"bucket": "artifacts"', '"bucket": "a@evil"'],
  'B21 a bucket with ..': ['"bucket": "artifacts"', '"bucket": "a..b"'],
  'B21 a region that is a host': ['"us-east-1"', '"evil.example/#"'],
  'B21 a version id with a line feed': ['"v.1_-"', '"a\\r\\nb"'],
  'a size beyond what Lambda takes': [`"size": ${artifact.size}`, '"size": 262144001'],
  'an unpacked size beyond what Lambda takes': [
    `"unpackedSize": ${artifact.unpackedSize}`,
    '"unpackedSize": 1e15',
  ],
};

for (const [title, [from, to]] of Object.entries(bad)) {
  test(`${title} is refused`, t => {
    t.true(text.includes(from), 'the row changes nothing');
    t.throws(() => checkLock(text.replace(from, to)), { code: 'LOCK_INVALID' });
    t.is(Object.getOwnPropertyNames(Object.prototype).includes('polluted'), false);
  });
}

test('the same key in different objects is no repetition', t => {
  t.notThrows(() => checkLock(text.replace('"license"', '"name"')));
  t.notThrows(() => checkLock(text.replace('"service": "test"', '"service": "{\\"a\\":1,\\"a\\":2}"')));
});

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
