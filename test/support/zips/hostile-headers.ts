/** Headers that disagree, and features that we do not read: rows C10 and C13. */
import { crc32 } from 'node:zlib';
import type { ZipErrorCode } from '../../../handler/errors.ts';
import type { HostileArchive } from './hostile.ts';
import { archive, ok, text } from './hostile-base.ts';
import type { CentralFields, EntrySpec, SharedFields } from './write.ts';
import { makeZip, record } from './write.ts';

const streamed: EntrySpec = { ...ok, descriptor: true };

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

export const headerRows: readonly HostileArchive[] = [
  ...locals.map(([title, local, code = 'ZIP_MISMATCH']) =>
    archive('C10', `local header with another ${title}`, code, { entries: [{ ...ok, local }] }),
  ),
  ...descriptors.map(([title, descriptorBytes, code]) =>
    archive('C10', `data descriptor with ${title}`, code, {
      entries: [{ ...streamed, descriptorBytes }, { name: 'b' }],
    }),
  ),
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
