/** Profile untrusted-read: what a stranger's archive may be, and what it may cost. */
import test from 'ava';
import { HandlerError } from '../../../handler/errors.ts';
import { readUntrusted } from '../../../handler/zip/untrusted.ts';
import { hostileArchives } from '../../support/zips/hostile.ts';
import type { EntrySpec } from '../../support/zips/write.ts';
import { makeZip } from '../../support/zips/write.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

test('the zip of a repository is read: files in order, links counted, the comment handed over', t => {
  const zip = makeZip({
    entries: [
      { name: 'repo-0123456/' },
      { name: 'repo-0123456/README.md', data: '# repo' },
      { name: 'repo-0123456/latest', data: '/etc/passwd', method: 0, mode: 0o120755 },
      { name: 'repo-0123456/readme.md', data: 'lower case', central: { madeBy: 0, attributes: 0 } },
    ],
    end: { comment: Buffer.from(commit) },
  });
  const archive = readUntrusted(zip);
  t.is(archive.comment, commit);
  t.deepEqual(archive.links, ['repo-0123456/latest']);
  t.deepEqual(
    archive.files.map(({ path, size, content }) => [path, size, content().toString()]),
    [
      ['repo-0123456/README.md', 6, '# repo'],
      ['repo-0123456/readme.md', 10, 'lower case'],
    ],
  );
});

test('an empty repository is an archive without files', t => {
  t.deepEqual(readUntrusted(makeZip({ entries: [] })), { files: [], links: [], comment: '' });
});

/** Collisions and links have tables of their own below; an archive without files is no fault here. */
const same = hostileArchives.filter(({ row, code }) => row !== 'C4' && row !== 'C5' && code !== 'ZIP_EMPTY');
for (const { row, title, code, zip } of same) {
  test(`${row} ${title} is refused by untrusted-read as ${code}`, t => t.is(verdictOn(zip()), code));
}

for (const [verdict, ...names] of [
  ['2 files, 0 links', 'Index.js', 'index.js'],
  ['2 files, 0 links', 'Lib/a', 'lib/b'],
  ['2 files, 0 links', 'straße', 'STRASSE'],
  ['2 files, 0 links', 'a', 'a.'],
  ['ZIP_COLLISION', 'a', 'a'],
  ['ZIP_COLLISION', 'a', 'a/b'],
  ['ZIP_COLLISION', 'a/b', 'a'],
  ['ZIP_COLLISION', 'a/', 'a'],
] as const) {
  test(`C4 the names ${names.join(' and ')} are, to untrusted-read, ${verdict}`, t => {
    t.is(verdictOn(makeZip({ entries: names.map(name => ({ name })) })), verdict);
  });
}

for (const [verdict, ...entries] of [
  ['1 files, 1 links', link('l', '/etc/passwd'), { name: 'a' }],
  ['0 files, 2 links', link('a', 'b'), link('b', 'a')],
  ['ZIP_COLLISION', link('d', '/tmp'), { name: 'd/evil' }],
  ['ZIP_COLLISION', link('f', '/tmp/evil'), { name: 'f' }],
  ['ZIP_COLLISION', link('a', '.'), link('a/b', '..')],
  ['ZIP_MODE', link('l/', '/tmp')],
] as readonly (readonly [string, ...EntrySpec[]])[]) {
  test(`C5 the links ${entries.map(({ name }) => name).join(' and ')} are, to untrusted-read, ${verdict}`, t => {
    t.is(verdictOn(makeZip({ entries })), verdict);
  });
}

for (const [cap, limits] of [
  ['bytes in', { maxZipBytes: 100 }],
  ['bytes out', { maxTotalBytes: 2_999 }],
  ['entries', { maxEntries: 2 }],
  ['bytes a file', { maxEntryBytes: 999 }],
] as const) {
  test(`E18 the cap on ${cap} holds`, t => {
    const zip = makeZip({ entries: ['a', 'b', 'c'].map(name => ({ name, data: 'x'.repeat(1_000) })) });
    t.is(readUntrusted(zip).files.length, 3);
    t.is(t.throws(() => readUntrusted(zip, limits), { instanceOf: HandlerError })?.code, 'ZIP_LIMIT');
  });
}

test('E18 the cap on bytes in is inclusive, and what is over it is said', t => {
  const zip = makeZip({ entries: [{ name: 'a', data: 'a' }] });
  t.is(readUntrusted(zip, { maxZipBytes: zip.length }).files.length, 1);
  const most = zip.length - 1;
  t.throws(() => readUntrusted(zip, { maxZipBytes: most }), {
    message: `the archive is too large (expected at most ${most} bytes, found ${zip.length})`,
  });
});

/** What was read, in words, or the code of the refusal. */
function verdictOn(zip: Buffer): string {
  try {
    const { files, links } = readUntrusted(zip);
    for (const file of files) file.content();
    return `${files.length} files, ${links.length} links`;
  } catch (error) {
    if (error instanceof HandlerError) return error.code;
    throw error;
  }
}

function link(name: string, target: string): EntrySpec {
  return { name, data: target, method: 0, mode: 0o120777 };
}
