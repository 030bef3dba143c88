/** Damages archives at random, but the same way for the same seed. */

export type Random = () => number;

/** Whole numbers from 0 to below 2^32, by a seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Numbers at which parsers break. */
const edges = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
const marks = [
  'PK\x01\x02',
  'PK\x03\x04',
  'PK\x05\x06',
  'PK\x06\x06',
  'PK\x06\x07',
  'PK\x07\x08',
  '../',
  '/',
  '\\',
  '\0',
];

type Change = (zip: Buffer, random: Random, other: Buffer) => Buffer;

const changes: readonly Change[] = [
  function flipBit(zip, random) {
    const at = random() % zip.length;
    zip[at] = (zip[at] ?? 0) ^ (1 << (random() % 8));
    return zip;
  },
  function setByte(zip, random) {
    zip[random() % zip.length] = random() & 0xff;
    return zip;
  },
  function setNumber(zip, random) {
    const bytes = random() % 2 === 0 ? 2 : 4;
    if (zip.length < bytes) return zip;
    const value = edges[random() % edges.length] ?? 0;
    zip.writeUIntLE(value % 2 ** (8 * bytes), random() % (zip.length - bytes + 1), bytes);
    return zip;
  },
  function setMark(zip, random) {
    const mark = marks[random() % marks.length] ?? '';
    zip.write(mark, random() % zip.length, 'latin1');
    return zip;
  },
  function cut(zip, random) {
    const at = random() % zip.length;
    return Buffer.concat([zip.subarray(0, at), zip.subarray(at + 1 + (random() % 64))]);
  },
  function insert(zip, random, other) {
    const at = random() % zip.length;
    const from = random() % Math.max(1, other.length);
    return Buffer.concat([
      zip.subarray(0, at),
      other.subarray(from, from + (random() % 128)),
      zip.subarray(at),
    ]);
  },
  function repeat(zip, random) {
    const at = random() % zip.length;
    const until = at + (random() % 128);
    return Buffer.concat([zip.subarray(0, until), zip.subarray(at)]);
  },
  function truncate(zip, random) {
    return zip.subarray(0, random() % zip.length);
  },
  /** Both headers lie alike, which a single change never achieves. */
  function setTwice(zip, random) {
    const local = zip.indexOf('PK\x03\x04', random() % zip.length, 'latin1');
    const central = zip.indexOf('PK\x01\x02', Math.max(0, local), 'latin1');
    const field = 4 + (random() % 22);
    if (local < 0 || central < 0 || central + field + 2 >= zip.length) return zip;
    const value = random() & 0xff;
    zip[local + field] = value;
    zip[central + field + 2] = value;
    return zip;
  },
];

/** A damaged copy of `zip`; some of `other` may be mixed in. */
export function mutate(zip: Buffer, other: Buffer, random: Random): Buffer {
  let mutant: Buffer = Buffer.from(zip);
  for (let count = 1 + (random() % 3); count > 0 && mutant.length > 0; count--) {
    mutant = Buffer.from((changes[random() % changes.length] as Change)(mutant, random, other));
  }
  return mutant;
}
