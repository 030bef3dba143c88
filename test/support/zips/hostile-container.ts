/** Lies of the container: headers that disagree, hidden bytes, zip64 tricks, unsupported features: rows C10 to C13. */
import { crc32 } from 'node:zlib';
import type { ZipErrorCode } from '../../../handler/errors.ts';
import type { HostileArchive } from './hostile.ts';
import type { ArchiveSpec, CentralFields, EntrySpec, SharedFields } from './write.ts';
import { extraField, makeZip, record } from './write.ts';

const text = Buffer.from('module.exports = 1;\n'.repeat(20));
const ok: EntrySpec = { name: 'ok.js', data: text };
const stored: EntrySpec = { name: 'ok.js', data: text, method: 0 };
const streamed: EntrySpec = { ...ok, descriptor: true };
const junk = Buffer.from('junk');
const inner = makeZip({ entries: [{ name: 'evil.js', data: 'evil' }] });
const see = 0xffffffff;

/** Row C10: the local header says something else. */
const locals: readonly (readonly [title: string, local: SharedFields, code?: ZipErrorCode])[] = [
  ['name', { name: Buffer.from('no.js') }],
  ['name in another case', { name: Buffer.from('OK.js') }],
  ['longer name', { name: Buffer.from('ok.jsx') }],
  ['method', { method: 0 }],
  ['packed size', { packed: 1 }],
  ['size', { size: 1 }],
  ['CRC-32', { crc32: 1 }],
  ['UTF-8 flag', { flags: 0x0800 }],
  ['descriptor flag', { flags: 0x0008 }],
  ['encryption flag', { flags: 0x0001 }],
  ['version needed', { needed: 10 }],
  ['time', { time: 0x00220000 }],
  ['sums that are zero without a descriptor', { crc32: 0, packed: 0, size: 0 }],
  ['signature', { signature: 0x04034b51 }, 'ZIP_LAYOUT'],
  ['length of the name', { nameLength: 4 }],
  ['length of the extra fields', { extraLength: 1 }, 'ZIP_EXTRA'],
  ['length of the extra fields beyond the file', { extraLength: 0xffff }, 'ZIP_LAYOUT'],
  ['length of the name beyond the file', { nameLength: 0xffff }, 'ZIP_LAYOUT'],
];

const descriptors: readonly (readonly [title: string, bytes: Buffer, code: ZipErrorCode])[] = [
  ['another CRC-32', descriptor(1, 0, 0), 'ZIP_MISMATCH'],
  ['another packed size', descriptor(0, 1, 0), 'ZIP_MISMATCH'],
  ['another size', descriptor(0, 0, 1), 'ZIP_MISMATCH'],
  ['no signature', descriptor(0, 0, 0).subarray(4), 'ZIP_LAYOUT'],
  ['64-bit sizes that nobody announced', wideDescriptor(), 'ZIP_MISMATCH'],
  ['no bytes at all', Buffer.alloc(0), 'ZIP_LAYOUT'],
  ['a byte behind it', Buffer.concat([descriptor(0, 0, 0), Buffer.from([0])]), 'ZIP_LAYOUT'],
];

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
  [
    'a suffix that passes for a comment',
    { entries: [ok], suffix: junk, end: { commentLength: 4 } },
    'ZIP_FORMAT',
  ],
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
  ['packed data of almost 4 GiB', { entries: [{ ...stored, both: { packed: see - 1, size: see - 1 } }] }],
  ['a central signature that is none', { entries: [{ ...ok, central: { signature: 0x02014b51 } }] }],
  ['a central name beyond the directory', { entries: [{ ...ok, central: { nameLength: 0xffff } }] }],
  ['central extra fields beyond the directory', { entries: [{ ...ok, central: { extraLength: 0xffff } }] }],
  ['a comment of an entry', { entries: [{ ...ok, central: { comment: junk } }] }, 'ZIP_EXTRA'],
  [
    'stored data that ends twice',
    { entries: [{ ...streamed, data: `PK\u0007\u0008${'x'.repeat(20)}`, method: 0 }] },
  ],
];

const emptyNames: readonly HostileArchive[] = [
  archive('C11', 'no entries', 'ZIP_EMPTY', { entries: [] }),
  archive('C11', 'folders alone', 'ZIP_EMPTY', { entries: [{ name: 'a/' }] }),
  archive('C11', 'a folder with content', 'ZIP_MISMATCH', { entries: [ok, { name: 'a/', data: 'evil' }] }),
  archive('C11', 'a stored file of two sizes', 'ZIP_MISMATCH', {
    entries: [{ ...stored, both: { size: 1 } }],
  }),
];

/** Row C12, in an entry: extra fields. */
const times = Buffer.from([1, 0, 0, 0, 0]);
const extras: readonly (readonly [title: string, extra: Buffer, code?: ZipErrorCode])[] = [
  ['a length beyond the field', record([0x5455, 2], [9, 2], [0, 4])],
  ['three bytes', Buffer.from([1, 2, 3])],
  ['the same field twice', Buffer.concat([extraField(0x5455, times), extraField(0x5455, times)])],
  ['an unknown field', extraField(0x4242, times)],
  ['AES', extraField(0x9901, Buffer.alloc(7))],
  ['a Unix link', extraField(0x000d, Buffer.from(`${'\0'.repeat(12)}/etc/passwd`))],
  ['an ASi Unix link', extraField(0x756e, Buffer.alloc(14))],
  ['a Unicode comment', extraField(0x6375, Buffer.from([1, 0, 0, 0, 0, 0x61]))],
  ['timestamps that are cut', extraField(0x5455, Buffer.from([3, 0, 0, 0, 0, 0]))],
  ['timestamps without flags', extraField(0x5455, Buffer.alloc(0))],
  ['timestamps with unknown flags', extraField(0x5455, Buffer.from([8]))],
  ['owners of another version', extraField(0x7875, Buffer.from([2, 1, 0, 1, 0]))],
  ['owners that are cut', extraField(0x7875, Buffer.from([1, 4, 0]))],
  ['NTFS times of another size', extraField(0x000a, Buffer.alloc(31))],
  ['a zip64 field that nobody asked for', zip64(1_099_511_627_776)],
  ['an empty zip64 field', zip64()],
  ['a Unicode path for another name', unicodePath('../evil.js', 'other.js'), 'ZIP_MISMATCH'],
  ['a Unicode path of another version', unicodePath('ok.js', 'ok.js', 2), 'ZIP_MISMATCH'],
  ['an empty Unicode path', unicodePath('', 'ok.js'), 'ZIP_MISMATCH'],
  ['a second name in a Unicode path', unicodePath('../evil.js', 'ok.js'), 'ZIP_MISMATCH'],
];

const raw = Buffer.from('evil\xe9.js', 'latin1');
const wide64: NonNullable<ArchiveSpec['zip64']> = (wide, locator) => [wide, locator];
const seeWide = { entries: 0xffff, size: see, offset: see };

const zip64s: readonly (readonly [title: string, spec: ArchiveSpec, code: ZipErrorCode])[] = [
  ['a size to be found in zip64, and no field', entry({ size: see }), 'ZIP_EXTRA'],
  [
    'a zip64 field without the packed size',
    entry({ size: see, packed: see, extra: zip64(text.length) }),
    'ZIP_EXTRA',
  ],
  ['a zip64 field in another order', entry({ packed: see, extra: zip64(text.length, 1, 0) }), 'ZIP_EXTRA'],
  [
    'a zip64 offset that contradicts the header',
    entry({ size: see, packed: see, extra: zip64(1, 1, 77) }),
    'ZIP_MISMATCH',
  ],
  ['a zip64 disk number', entry({ size: see, extra: extraField(1, Buffer.alloc(12)) }), 'ZIP_EXTRA'],
  [
    'a zip64 size of 2^63',
    entry({ size: see, extra: extraField(1, Buffer.from('0000000000000080', 'hex')) }),
    'ZIP_MISMATCH',
  ],
  [
    'zip64 sizes in the local header alone',
    { entries: [{ ...ok, local: { size: see, packed: see, extra: zip64(text.length, 26) } }] },
    'ZIP_MISMATCH',
  ],
  ['a locator without a record', { entries: [ok], zip64: (_, locator) => [locator] }, 'ZIP_LAYOUT'],
  ['a record without a locator', { entries: [ok], zip64: wide => [wide], end: seeWide }, 'ZIP_LAYOUT'],
  ['neither, though the end record points there', { entries: [ok], end: seeWide }, 'ZIP_LAYOUT'],
  [
    'a locator that points elsewhere',
    { entries: [ok], zip64: (wide, locator) => [wide, set(locator, 8, 0)], end: seeWide },
    'ZIP_LAYOUT',
  ],
  [
    'bytes between record and locator',
    { entries: [ok], zip64: (wide, locator) => [wide, junk, locator], end: seeWide },
    'ZIP_LAYOUT',
  ],
  [
    'bytes between locator and end record',
    { entries: [ok], zip64: (wide, locator) => [wide, locator, junk], end: seeWide },
    'ZIP_LAYOUT',
  ],
  [
    'an extensible data sector',
    { entries: [ok], zip64: (wide, locator) => [set(wide, 4, 48), junk, set(locator, 8, 0)], end: seeWide },
    'ZIP_LAYOUT',
  ],
  [
    'a record of another size',
    { entries: [ok], zip64: (wide, locator) => [set(wide, 4, 40), locator], end: seeWide },
    'ZIP_UNSUPPORTED',
  ],
  [
    'a record on disk 1',
    { entries: [ok], zip64: (wide, locator) => [set(wide, 16, 1), locator], end: seeWide },
    'ZIP_UNSUPPORTED',
  ],
  [
    'a directory that starts on disk 1',
    { entries: [ok], zip64: (wide, locator) => [set(wide, 20, 1), locator], end: seeWide },
    'ZIP_UNSUPPORTED',
  ],
  [
    'a locator with two disks',
    { entries: [ok], zip64: (wide, locator) => [wide, set(locator, 16, 2)], end: seeWide },
    'ZIP_UNSUPPORTED',
  ],
  [
    'a locator on disk 1',
    { entries: [ok], zip64: (wide, locator) => [wide, set(locator, 4, 1)], end: seeWide },
    'ZIP_UNSUPPORTED',
  ],
  [
    'a count that the end record contradicts',
    { entries: [ok], zip64: wide64, end: { ...seeWide, entries: 2 } },
    'ZIP_MISMATCH',
  ],
  [
    'an offset that the end record contradicts',
    { entries: [ok], zip64: wide64, end: { ...seeWide, offset: 1 } },
    'ZIP_MISMATCH',
  ],
  [
    'a size that the end record contradicts',
    { entries: [ok], zip64: wide64, end: { ...seeWide, size: 1 } },
    'ZIP_MISMATCH',
  ],
  [
    'a directory elsewhere',
    { entries: [ok], zip64: (wide, locator) => [set(wide, 48, 1), locator], end: seeWide },
    'ZIP_LAYOUT',
  ],
  [
    '2^40 entries',
    { entries: [ok], zip64: (wide, locator) => [set(set(wide, 28, 256), 36, 256), locator], end: seeWide },
    'ZIP_LIMIT',
  ],
];

/** Row C13. */
const unsupported: readonly (readonly [title: string, central: CentralFields & SharedFields])[] = [
  ...[1, 2, 5, 6, 9, 10, 12, 14, 19, 93, 94, 95, 97, 98, 99, 65_535].map(
    method => [`method ${method}`, { method }] as const,
  ),
  ...[0x0001, 0x0010, 0x0020, 0x0040, 0x0080, 0x0100, 0x0200, 0x0400, 0x1000, 0x2000, 0x4000, 0x8000].map(
    flags => [`flag 0x${flags.toString(16)}`, { flags }] as const,
  ),
  ['version needed 4.6', { needed: 46 }],
  ['version needed 6.3', { needed: 63 }],
];

export const containerRows: readonly HostileArchive[] = [
  ...locals.map(([title, local, code = 'ZIP_MISMATCH']) =>
    archive('C10', `local header with another ${title}`, code, { entries: [{ ...ok, local }] }),
  ),
  ...descriptors.map(([title, descriptorBytes, code]) =>
    archive('C10', `data descriptor with ${title}`, code, {
      entries: [{ ...streamed, descriptorBytes }, { name: 'b' }],
    }),
  ),
  ...layouts.map(([title, spec, code = 'ZIP_LAYOUT']) => archive('C11', title, code, spec)),
  ...emptyNames,
  ...extras.flatMap(([title, extra, code = 'ZIP_EXTRA']) => [
    archive('C12', `extra field in both headers: ${title}`, code, { entries: [{ ...ok, both: { extra } }] }),
    archive('C12', `extra field in the local header: ${title}`, code, {
      entries: [{ ...ok, local: { extra } }],
    }),
  ]),
  ...zip64s.map(([title, spec, code]) => archive('C12', title, code, spec)),
  archive('C12', 'a Unicode path that leaves the folder, for unflagged bytes', 'ZIP_NAME', {
    entries: [{ name: raw, both: { flags: 0, extra: unicodePath('../evil.js', raw) } }],
  }),
  archive('C12', 'a Unicode path in one header', 'ZIP_MISMATCH', {
    entries: [{ name: raw, both: { flags: 0 }, central: { extra: unicodePath('fine.js', raw) } }],
  }),
  archive('C12', 'two Unicode paths', 'ZIP_MISMATCH', {
    entries: [
      {
        name: raw,
        both: { flags: 0, extra: unicodePath('a.js', raw) },
        local: { extra: unicodePath('b.js', raw) },
      },
    ],
  }),
  ...unsupported.map(([title, both]) =>
    archive('C13', title, 'ZIP_UNSUPPORTED', { entries: [{ ...ok, both }] }),
  ),
  ...[1, 2, 4, 5, 6, 7, 11, 14, 18, 30, 255].map(host =>
    archive('C13', `host system ${host}`, 'ZIP_UNSUPPORTED', {
      entries: [{ ...ok, central: { madeBy: host * 256 + 30 } }],
    }),
  ),
  archive('C13', 'an entry on disk 1', 'ZIP_UNSUPPORTED', { entries: [{ ...ok, central: { disk: 1 } }] }),
  archive('C13', 'the last of two disks', 'ZIP_UNSUPPORTED', { entries: [ok], end: { disk: 1 } }),
  archive('C13', 'a directory that starts on another disk', 'ZIP_UNSUPPORTED', {
    entries: [ok],
    end: { startDisk: 1 },
  }),
  archive('C13', 'a directory that goes on on another disk', 'ZIP_UNSUPPORTED', {
    entries: [ok],
    end: { here: 0 },
  }),
];

function archive(
  row: HostileArchive['row'],
  title: string,
  code: ZipErrorCode,
  spec: ArchiveSpec,
): HostileArchive {
  return { row, title, code, zip: () => makeZip(spec) };
}

/** The descriptor of `ok` with something added to each of its fields. */
function descriptor(sum: number, packedMore: number, sizeMore: number): Buffer {
  const zip = makeZip({ entries: [ok] });
  const packed = zip.readUInt32LE(18);
  return record(
    [0x08074b50, 4],
    [(crc32(text) ^ sum) >>> 0, 4],
    [packed + packedMore, 4],
    [text.length + sizeMore, 4],
  );
}

function wideDescriptor(): Buffer {
  const zip = makeZip({ entries: [ok] });
  return record([0x08074b50, 4], [crc32(text), 4], [zip.readUInt32LE(18), 8], [text.length, 8]);
}

function zip64(...values: number[]): Buffer {
  return extraField(0x0001, record(...values.map(value => [value, 8] as const)));
}

function unicodePath(path: string, name: string | Buffer, version = 1): Buffer {
  const head = Buffer.concat([Buffer.from([version]), record([crc32(Buffer.from(name)), 4])]);
  return extraField(0x7075, Buffer.concat([head, Buffer.from(path)]));
}

function entry(central: CentralFields): ArchiveSpec {
  return { entries: [{ ...ok, central }] };
}

function set(buffer: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(buffer);
  copy.writeUInt32LE(value, at);
  return copy;
}
