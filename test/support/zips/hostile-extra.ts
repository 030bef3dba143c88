/** Extra fields and zip64 records that give a second opinion: row C12. */
import { crc32 } from 'node:zlib';
import type { ZipErrorCode } from '../../../handler/errors.ts';
import type { HostileArchive } from './hostile.ts';
import { archive, ok, text } from './hostile-base.ts';
import type { ArchiveSpec, CentralFields } from './write.ts';
import { extraField, record } from './write.ts';

const junk = Buffer.from('junk');
/** "It is in the zip64 field." */
const see = 0xffffffff;

const times = Buffer.from([1, 0, 0, 0, 0]);
const extras: readonly (readonly [title: string, extra: Buffer, code?: ZipErrorCode])[] = [
  ['a length beyond the field', record([0x5455, 2], [9, 2], [0, 4])],
  ['a length one byte beyond the field', extraField(0x5455, times).subarray(0, -1)],
  ['three bytes', Buffer.from([1, 2, 3])],
  ['the same field twice', Buffer.concat([extraField(0x5455, times), extraField(0x5455, times)])],
  ['an unknown field', extraField(0x4242, times)],
  ['AES', extraField(0x9901, Buffer.alloc(7))],
  ['a Unix link', extraField(0x000d, Buffer.from(`${'\0'.repeat(12)}/etc/passwd`))],
  ['an ASi Unix link', extraField(0x756e, Buffer.alloc(14))],
  ['a Unicode comment', extraField(0x6375, Buffer.from([1, 0, 0, 0, 0, 0x61]))],
  ['timestamps that are cut', extraField(0x5455, Buffer.from([3, 0, 0, 0, 0, 0]))],
  ['timestamps without flags', extraField(0x5455, Buffer.alloc(0))],
  ['two times under unknown flags', extraField(0x5455, Buffer.from([8, 0, 0, 0, 0, 0, 0, 0, 0]))],
  ['timestamps with unknown flags', extraField(0x5455, Buffer.from([8]))],
  ['owners of another version', extraField(0x7875, Buffer.from([2, 1, 0, 1, 0]))],
  ['owners without a user', extraField(0x7875, Buffer.from([1, 0, 1, 0]))],
  ['owners without a group', extraField(0x7875, Buffer.from([1, 1, 0, 0]))],
  ['owners with a byte behind them', extraField(0x7875, Buffer.from([1, 1, 0, 1, 0, 0]))],
  ['owners that are cut', extraField(0x7875, Buffer.from([1, 4, 0]))],
  ['another NTFS attribute', extraField(0x000a, ntfs(2, 24))],
  ['NTFS times of another length', extraField(0x000a, ntfs(1, 25))],
  ['old Unix times of 9 bytes', extraField(0x5855, Buffer.alloc(9))],
  ['old owners of 5 bytes', extraField(0x7855, Buffer.alloc(5))],
  ['NTFS times of another size', extraField(0x000a, Buffer.alloc(31))],
  ['a zip64 field that nobody asked for', zip64(1_099_511_627_776)],
  ['an empty zip64 field', zip64()],
  ['a Unicode path for another name', unicodePath('../evil.js', 'other.js'), 'ZIP_MISMATCH'],
  ['a Unicode path of another version', unicodePath('ok.js', 'ok.js', 2), 'ZIP_MISMATCH'],
  ['an empty Unicode path', unicodePath('', 'ok.js'), 'ZIP_MISMATCH'],
  ['a second name in a Unicode path', unicodePath('../evil.js', 'ok.js'), 'ZIP_MISMATCH'],
];

const raw = Buffer.from('evil\xe9.js', 'latin1');
const rawFolder = Buffer.from('evil\xe9/', 'latin1');
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

export const extraRows: readonly HostileArchive[] = [
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
  archive('C12', 'a Unicode path that makes a folder of a file', 'ZIP_MISMATCH', {
    entries: [ok, { name: raw, both: { flags: 0, extra: unicodePath('folder/', raw) } }],
  }),
  archive('C12', 'a Unicode path that makes a file of a folder', 'ZIP_MISMATCH', {
    entries: [ok, { name: rawFolder, both: { flags: 0, extra: unicodePath('file', rawFolder) } }],
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
];

function ntfs(tag: number, size: number): Buffer {
  return Buffer.concat([record([0, 4], [tag, 2], [size, 2]), Buffer.alloc(24)]);
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
