/** The tree digest: which changes it sees, and that its order is that of bytes. */
import test from 'ava';
import fc from 'fast-check';
import type { TreeFile } from '../../artifact/digest.ts';
import { compareBytes, digestOf, hexOf, isDigest, sha256Hex, treeOf } from '../../artifact/digest.ts';
import { objectKey, storeName } from '../../artifact/layout.ts';

const files: readonly TreeFile[] = [
  { path: 'nodejs/b', mode: 0o644, sha256: sha256Hex('b') },
  { path: 'nodejs/a', mode: 0o755, sha256: sha256Hex('a') },
];

test('the order in which files are found does not change the tree', t => {
  t.is(treeOf(files), treeOf([...files].reverse()));
});

for (const [what, change] of Object.entries({
  path: { path: 'nodejs/c' },
  mode: { mode: 0o755 },
  content: { sha256: sha256Hex('c') },
})) {
  test(`another ${what} gives another tree`, t => {
    t.not(treeOf(files), treeOf([{ ...(files[0] as TreeFile), ...change }, files[1] as TreeFile]));
  });
}

test('paths are ordered by their UTF-8 bytes, not by UTF-16 units', t => {
  t.true(compareBytes('\u{ffff}', '\u{10000}') < 0);
  t.true('\u{ffff}' > '\u{10000}');
});

test('the order is that of Buffer.compare for every pair of texts', t => {
  const text = fc.string({ unit: 'binary', maxLength: 8 });
  const property = fc.property(text, text, (a, b) => {
    t.is(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
  });
  fc.assert(property, { numRuns: 2000, seed: 20261123 });
});

test('a digest is lower-case sha256 and decides every name', t => {
  const digest = digestOf(Buffer.from('x'));
  t.true(isDigest(digest));
  t.false(isDigest(digest.toUpperCase()));
  t.is(objectKey(digest, 'team'), `team/sha256/${hexOf(digest)}.zip`);
  t.is(objectKey(digest), `sha256/${hexOf(digest)}.zip`);
  t.is(storeName(digest), `sha256-${hexOf(digest)}`);
});
