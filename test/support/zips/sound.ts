/** Sound archives of every form that is accepted: where mutations start from. */
import { crc32 } from 'node:zlib';
import type { ArchiveSpec, EntrySpec } from './write.ts';
import { extraField, makeZip, record } from './write.ts';

const text = 'module.exports = 1;\n'.repeat(8);
const see = 0xffffffff;
const times = extraField(0x5455, Buffer.from([1, 0x80, 0x43, 0x6d, 0x38]));
const owner = extraField(0x7875, Buffer.from([1, 4, 0xe8, 3, 0, 0, 4, 0xe8, 3, 0, 0]));
/** NTFS, old Unix and Info-ZIP's first owners; the last is empty, as it is in central headers. */
const otherTimes = [
  extraField(0x000a, Buffer.concat([record([0, 4], [1, 2], [24, 2]), Buffer.alloc(24, 1)])),
  extraField(0x5855, Buffer.alloc(8, 1)),
  extraField(0x5855, Buffer.alloc(12, 1)),
  extraField(0x7855, Buffer.alloc(4, 1)),
  extraField(0x7855, Buffer.alloc(0)),
];
const raw = Buffer.from('caf\x82.js', 'latin1');

const plain: readonly EntrySpec[] = [
  { name: 'bin/' },
  { name: 'bin/run', data: '#!/bin/sh\n', mode: 0o100755 },
  { name: 'café/日本.js', data: text },
  { name: 'empty' },
  { name: 'stored.js', data: text, method: 0, mode: 0o100600 },
];

export interface SoundArchive {
  readonly title: string;
  readonly zip: Buffer;
}

export const soundArchives: readonly SoundArchive[] = [
  sound('plain', { entries: plain }),
  sound('with a folder behind its files', { entries: [...plain.slice(1), ...plain.slice(0, 1)] }),
  sound('streamed, as archiver writes', {
    entries: plain.map(entry => ({ ...entry, descriptor: !isFolder(entry) })),
  }),
  sound('with times and owners', {
    entries: plain.map(entry => ({ ...entry, both: { extra: Buffer.concat([times, owner]) } })),
  }),
  sound('with the times of other systems', {
    entries: plain.map((entry, index) => ({
      ...entry,
      both: { extra: otherTimes[index % otherTimes.length] ?? times },
    })),
  }),
  sound('with zip64 end record', {
    entries: plain,
    zip64: (wide, locator) => [wide, locator],
    end: { entries: 0xffff, size: see, offset: see },
  }),
  sound('with zip64 sizes', { entries: [wide('a.js', 0)] }),
  sound('with a comment', { entries: plain, end: { comment: Buffer.from('0123456789abcdef') } }),
  sound('from DOS', {
    entries: [{ name: 'a.js', data: text, central: { madeBy: 0x0014, attributes: 0x20 } }],
  }),
  sound('with a Unicode path', {
    entries: [{ name: raw, data: text, both: { flags: 0, extra: unicodePath('café.js') } }],
  }),
];

function sound(title: string, spec: ArchiveSpec): SoundArchive {
  return { title, zip: makeZip(spec) };
}

function isFolder(entry: EntrySpec): boolean {
  return Buffer.from(entry.name).at(-1) === 0x2f;
}

/** One stored entry whose sizes stand in zip64 fields, in the central one with the offset that nobody asked for. */
function wide(name: string, offset: number): EntrySpec {
  const size = text.length;
  const local = extraField(0x0001, record([size, 8], [size, 8]));
  const central = extraField(0x0001, record([size, 8], [size, 8], [offset, 8]));
  const both = { size: see, packed: see, needed: 45 };
  return { name, data: text, method: 0, both, local: { extra: local }, central: { extra: central } };
}

function unicodePath(path: string): Buffer {
  return extraField(0x7075, Buffer.concat([Buffer.from([1]), record([crc32(raw), 4]), Buffer.from(path)]));
}
