/** Bytes that no entry owns, or that two own: row C11. */
import type { ZipErrorCode } from '../../../handler/errors.ts';
import type { HostileArchive } from './hostile.ts';
import { archive, ok } from './hostile-base.ts';
import type { ArchiveSpec, EntrySpec } from './write.ts';
import { makeZip } from './write.ts';

const stored: EntrySpec = { ...ok, method: 0 };
const streamed: EntrySpec = { ...ok, descriptor: true };
const junk = Buffer.from('junk');
const inner = makeZip({ entries: [{ name: 'evil.js', data: 'evil' }] });

/** Row C11: bytes that no entry owns, or that two own. */
const layouts: readonly (readonly [title: string, spec: ArchiveSpec, code?: ZipErrorCode])[] = [
  [
    'a local entry that the directory does not list',
    { entries: [ok, { name: 'evil.js', hidden: 'from-directory' }] },
  ],
  ['a hidden entry before the others', { entries: [{ name: 'evil.js', hidden: 'from-directory' }, ok] }],
  ['a listed entry without data', { entries: [ok, { name: 'evil.js', hidden: 'from-data' }] }],
  ['a gap between entries', { entries: [ok, { name: 'b', before: junk }] }],
  ['a gap behind the last entry', { entries: [{ ...ok, after: junk }] }],
  ['a gap before the directory', { entries: [ok], beforeDirectory: junk }],
  ['a gap behind the directory', { entries: [ok], afterDirectory: junk }],
  ['a prefix', { entries: [ok], prefix: junk }],
  ['a prefix that the offsets do not know', { entries: [ok], prefix: junk, end: { offset: 0 } }],
  ['a suffix', { entries: [ok], suffix: junk }],
  ['a comment that is missing', { entries: [ok], end: { commentLength: 5 } }],
  ['a comment shorter than it says', { entries: [ok], end: { comment: junk, commentLength: 5 } }],
  ['a comment that holds an archive', { entries: [ok], end: { comment: inner } }],
  ['a comment with control characters', { entries: [ok], end: { comment: Buffer.from('\u001b[2J') } }],
  ['a comment of 1,025 bytes', { entries: [ok], end: { comment: Buffer.alloc(1_025, 0x20) } }, 'ZIP_FORMAT'],
  ['an archive before it', { entries: [ok], prefix: inner }],
  ['an archive behind it', { entries: [ok], suffix: inner }],
  ['a directory in another order than the data', { entries: [ok, { name: 'b' }], order: [1, 0] }],
  ['a count one too low', { entries: [ok, { name: 'b' }], end: { entries: 1 } }],
  ['a count one too high', { entries: [ok], end: { entries: 2 } }],
  [
    'a directory that goes on behind the last entry',
    { entries: [ok, { name: 'evil.js', hidden: 'from-data' }], end: { entries: 1 } },
  ],
  ['count 0', { entries: [ok], end: { entries: 0 } }],
  ['a claim of 65,535 entries', { entries: [ok], end: { entries: 0xffff } }],
  ['a directory one byte too late', { entries: [ok], end: { offset: 1_000 } }],
  ['a directory of no size', { entries: [ok], end: { size: 0 } }],
  ['a directory beyond the file', { entries: [ok], end: { offset: 0xfffffff0 } }],
  ['an entry that starts beyond the file', { entries: [{ ...ok, central: { offset: 0xfffffff0 } }] }],
  ['an entry that starts one byte late', { entries: [{ ...ok, central: { offset: 1 } }] }],
  ['an entry that starts inside another', { entries: [ok, { ...ok, name: 'b', central: { offset: 0 } }] }],
  [
    'packed data that reaches into the directory',
    { entries: [{ ...stored, both: { packed: 999, size: 999 } }] },
  ],
  [
    'packed data of almost 4 GiB',
    { entries: [{ ...stored, both: { packed: 0xfffffffe, size: 0xfffffffe } }] },
  ],
  ['a central signature that is none', { entries: [{ ...ok, central: { signature: 0x02014b51 } }] }],
  ['a central name beyond the directory', { entries: [{ ...ok, central: { nameLength: 0xffff } }] }],
  ['central extra fields beyond the directory', { entries: [{ ...ok, central: { extraLength: 0xffff } }] }],
  ['a comment of an entry', { entries: [{ ...ok, central: { comment: junk } }] }, 'ZIP_EXTRA'],
  [
    'stored data that ends twice',
    { entries: [{ ...streamed, data: `PK\u0007\u0008${'x'.repeat(20)}`, method: 0 }] },
  ],
];

const contradictions: readonly HostileArchive[] = [
  archive('C11', 'no entries', 'ZIP_EMPTY', { entries: [] }),
  archive('C11', 'folders alone', 'ZIP_EMPTY', { entries: [{ name: 'a/' }] }),
  archive('C11', 'a folder with content', 'ZIP_MISMATCH', { entries: [ok, { name: 'a/', data: 'evil' }] }),
  archive('C11', 'a folder with a size alone', 'ZIP_MISMATCH', {
    entries: [ok, { name: 'a/', both: { method: 8, size: 5 } }],
  }),
  archive('C11', 'a folder with packed bytes alone', 'ZIP_MISMATCH', {
    entries: [ok, { name: 'a/', packed: Buffer.from([3, 0]), both: { method: 8, size: 0 } }],
  }),
  archive('C11', 'a folder with a CRC-32 alone', 'ZIP_MISMATCH', {
    entries: [ok, { name: 'a/', both: { crc32: 1 } }],
  }),
  archive('C11', 'a stored file of two sizes', 'ZIP_MISMATCH', {
    entries: [{ ...stored, both: { size: 1 } }],
  }),
];

export const layoutRows: readonly HostileArchive[] = [
  ...layouts.map(([title, spec, code = 'ZIP_LAYOUT']) => archive('C11', title, code, spec)),
  ...contradictions,
];
