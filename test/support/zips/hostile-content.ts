/** Bombs, broken streams and wrong sums: rows C8, C9 and C14. */
import { crc32, deflateRawSync } from 'node:zlib';
import type { HostileArchive } from './hostile.ts';
import type { EntrySpec } from './write.ts';
import { makeZip, record } from './write.ts';

const mebibyte = 1_048_576;
const text = Buffer.from('let a = 1;\n'.repeat(80));
const packed = deflateRawSync(text);

const streams: readonly (readonly [title: string, packed: () => Buffer])[] = [
  ['a reserved block', () => Buffer.from([0x07, 0x00])],
  ['a stored block whose length is not its complement', () => Buffer.from([0x01, 0x04, 0x00, 0x00, 0x00])],
  ['a cut stream', () => packed.subarray(0, -1)],
  ['half a stream', () => packed.subarray(0, packed.length >> 1)],
  ['no last block', () => deflateRawSync(text, { finishFlush: 2 })],
  ['one byte after the stream', () => Buffer.concat([packed, Buffer.from([0])])],
  ['text after the stream', () => Buffer.concat([packed, Buffer.from('trailing')])],
  ['two streams', () => Buffer.concat([packed, packed])],
  ['an empty stream after it', () => Buffer.concat([packed, Buffer.from([0x03, 0x00])])],
  ['nothing at all', () => Buffer.alloc(0)],
  ['a zlib header', () => Buffer.concat([Buffer.from([0x78, 0x9c]), packed])],
  ['a distance before the start', () => Buffer.from([0x4b, 0x04, 0x42, 0x00])],
];

const lies: readonly (readonly [title: string, both: NonNullable<EntrySpec['both']>])[] = [
  ['a size one too small', { size: text.length - 1 }],
  ['a size one too large', { size: text.length + 1 }],
  ['size 0', { size: 0 }],
  ['another CRC-32', { crc32: (crc32(text) ^ 1) >>> 0 }],
  ['CRC-32 0', { crc32: 0 }],
];

export const contentRows: readonly HostileArchive[] = [
  row('C8', '8 MiB of zeros in 8 kB', 'ZIP_LIMIT', () => [{ name: 'z', data: Buffer.alloc(8 * mebibyte) }]),
  row('C8', 'many files of zeros, each small enough', 'ZIP_LIMIT', () => zeros(64, mebibyte - 1)),
  row('C8', '8 MiB behind a promise of 10 bytes', 'ZIP_DATA', () => [
    { name: 'z', data: Buffer.alloc(8 * mebibyte), both: { size: 10 } },
  ]),
  row('C8', 'a promise of 4 GiB for 10 bytes', 'ZIP_LIMIT', () => [
    { name: 'z', data: 'x'.repeat(10), both: { size: 0xfffffffe } },
  ]),
  row('C8', 'a promise of 1 MiB for 10 bytes', 'ZIP_DATA', () => [
    { name: 'z', data: 'x'.repeat(10), both: { size: mebibyte } },
  ]),
  row('C8', 'three files of 100 MB', 'ZIP_LIMIT', () =>
    ['a', 'b', 'c'].map(name => ({
      name,
      packed: Buffer.alloc(600_000),
      both: { method: 8, size: 100_000_000, crc32: 1 },
    })),
  ),
  row('C8', 'many entries that share one local header', 'ZIP_LAYOUT', () => [
    { name: 'k', data: text },
    ...Array.from(
      { length: 50 },
      (): EntrySpec => ({ name: 'k', data: text, hidden: 'from-data', central: { offset: 0 } }),
    ),
  ]),
  row('C8', 'an entry that quotes the next one', 'ZIP_LAYOUT', quoted),
  row('C9', '70,000 entries', 'ZIP_LIMIT', () => []),
  ...streams.map(([title, bytes]) =>
    row('C14', `deflate stream with ${title}`, 'ZIP_DATA', () => [
      { name: 'z', packed: bytes(), both: { method: 8, size: text.length, crc32: crc32(text) } },
    ]),
  ),
  ...lies.map(([title, both]) =>
    row('C15', `deflated file with ${title}`, 'ZIP_DATA', () => [{ name: 'z', data: text, both }]),
  ),
  row('C15', 'stored file with another CRC-32', 'ZIP_DATA', () => [
    { name: 'z', data: text, method: 0, both: { crc32: (crc32(text) ^ 0x80000000) >>> 0 } },
  ]),
];

function row(
  number: HostileArchive['row'],
  title: string,
  code: HostileArchive['code'],
  entries: () => readonly EntrySpec[],
): HostileArchive {
  return { row: number, title, code, zip: number === 'C9' ? many : () => makeZip({ entries: entries() }) };
}

function zeros(count: number, size: number): EntrySpec[] {
  const data = Buffer.alloc(size);
  const bytes = deflateRawSync(data, { level: 9 });
  const sum = crc32(data);
  return Array.from({ length: count }, (_, index) => ({
    name: `z${index}`,
    packed: bytes,
    both: { method: 8, size, crc32: sum },
  }));
}

/** A stored block that holds the next local header as its content, as the quoted-overlap bomb does. */
function quoted(): EntrySpec[] {
  const inner: EntrySpec = { name: 'b', data: text };
  const quote = makeZip({ entries: [inner] }).subarray(0, 31);
  const block = Buffer.concat([
    record([0x01, 2]).subarray(0, 1),
    record([quote.length, 2], [~quote.length & 0xffff, 2]),
  ]);
  const content = Buffer.concat([quote, text]);
  return [
    {
      name: 'a',
      packed: block,
      both: {
        method: 8,
        size: content.length,
        crc32: crc32(content),
        packed: block.length + quote.length + packed.length,
      },
    },
    inner,
  ];
}

/** Real entries, as many as zip64 is needed for: the same empty file over and over, but for five digits of its name. */
function many(): Buffer {
  const count = 70_000;
  const one = makeZip({ entries: [{ name: '00000' }] });
  const local = one.subarray(0, 35);
  const central = one.subarray(35, 35 + 51);
  const locals = Buffer.alloc(count * local.length, local);
  const centrals = Buffer.alloc(count * central.length, central);
  for (let index = 0; index < count; index++) {
    const name = `${index}`.padStart(5, '0');
    locals.write(name, index * local.length + 30, 'latin1');
    centrals.write(name, index * central.length + 46, 'latin1');
    centrals.writeUInt32LE(index * local.length, index * central.length + 42);
  }
  const end = makeZip({
    entries: [],
    zip64: (wide, locator) => {
      wide.writeUInt32LE(count, 24);
      wide.writeUInt32LE(count, 32);
      wide.writeUInt32LE(centrals.length, 40);
      wide.writeUInt32LE(locals.length, 48);
      locator.writeUInt32LE(locals.length + centrals.length, 8);
      return [wide, locator];
    },
    end: { entries: 0xffff, size: 0xffffffff, offset: 0xffffffff },
  });
  return Buffer.concat([locals, centrals, end]);
}
