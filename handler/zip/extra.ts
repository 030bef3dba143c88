/** Extra fields of a header: only those that every reader may ignore, and zip64 sizes where they are due. */
import { crc32 } from 'node:zlib';
import { wideInteger } from './end.ts';
import { zipFault } from './fault.ts';

/** What a header said in 32 bits; 0xffffffff means "see the zip64 field". */
export interface NarrowSizes {
  readonly size: number;
  readonly packed: number;
  /** Central header only. */ readonly offset?: number;
}

export interface Extra {
  readonly size: number;
  readonly packed: number;
  readonly offset: number;
  /** True when a zip64 field gave a size: then a data descriptor has 64-bit sizes too. */
  readonly wide: boolean;
  /** The name that a Unicode path field (0x7075) gives, if there is one and it belongs to this very name. */
  readonly unicodePath: Buffer | undefined;
}

const seeWide = 0xffffffff;
const zip64 = 0x0001;
const unicodePath = 0x7075;

/** Fields with nothing but times and owners, which we do not restore: tag to a check of their form. */
const harmless = new Map<number, (field: Buffer, central: boolean) => boolean>([
  [0x5455, isExtendedTimestamp],
  [0x7875, isOwner],
  [0x5855, field => field.length === 8 || field.length === 12],
  [0x7855, field => field.length === 0 || field.length === 4],
  [0x000a, isNtfsTimes],
]);

/**
 * Reads the extra fields from `start` to `end` (APPNOTE 4.5). They must tile the space, each at most once.
 * `name` is the name in the header, a character a byte.
 * Throws `ZIP_EXTRA` for a field off the list or out of form, `ZIP_MISMATCH` where one contradicts the header.
 */
export function readExtra(
  zip: Buffer,
  start: number,
  end: number,
  name: string,
  { size, packed, offset }: NarrowSizes,
): Extra {
  if (start === end && size !== seeWide && packed !== seeWide && offset !== seeWide) {
    return { size, packed, offset: offset ?? 0, wide: false, unicodePath: undefined };
  }
  const fields = readFields(zip, start, end, offset !== undefined);
  const path = fields.get(unicodePath);
  const values = offset === undefined ? [size, packed] : [size, packed, offset];
  const [wideSize = 0, widePacked = 0, wideOffset = 0] = widen(values, fields.get(zip64));
  return {
    size: wideSize,
    packed: widePacked,
    offset: wideOffset,
    wide: size === seeWide || packed === seeWide,
    unicodePath: path === undefined ? undefined : pathFor(name, path),
  };
}

function readFields(zip: Buffer, start: number, end: number, central: boolean): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = start; at < end; ) {
    const length = at + 4 <= end ? zip.readUInt16LE(at + 2) : 0;
    const tag = at + 4 <= end ? zip.readUInt16LE(at) : -1;
    if (tag < 0 || at + 4 + length > end || fields.has(tag)) {
      throw zipFault('ZIP_EXTRA', 'extra fields', 'each once, inside their space', 'one that is not');
    }
    const field = zip.subarray(at + 4, at + 4 + length);
    if (tag !== zip64 && tag !== unicodePath && !harmless.get(tag)?.(field, central)) {
      const found = `0x${tag.toString(16).padStart(4, '0')} of ${length} bytes`;
      throw zipFault('ZIP_EXTRA', 'extra field', 'times, owners or needed zip64 sizes', found);
    }
    fields.set(tag, field);
    at += 4 + length;
  }
  return fields;
}

/**
 * Takes the values that the header asks for, in their order: size, packed size, offset. Some writers always write all
 * three; what nobody asked for may only follow the rest and repeat the header, or two readers would see two archives.
 */
function widen(values: readonly number[], field: Buffer | undefined): number[] {
  const wanted = values.filter(value => value === seeWide).length;
  const count = (field?.length ?? 0) / 8;
  const first = values.findIndex(value => value !== seeWide);
  const redundant = count === values.length && wanted > 0 && first === wanted;
  if ((count !== wanted && !redundant) || (field !== undefined && wanted === 0)) {
    const found = field === undefined ? 'no such field' : `${field.length} bytes`;
    throw zipFault('ZIP_EXTRA', 'zip64 field', `${wanted} sizes that the header asks for`, found);
  }
  let at = 0;
  return values.map(value => {
    if (field === undefined || (value !== seeWide && !redundant)) return value;
    const wide = wideInteger(field, at);
    at += 8;
    if (value !== seeWide && value !== wide) {
      throw zipFault('ZIP_MISMATCH', 'zip64 field', `${value} as in the header`, `${wide}`);
    }
    return wide;
  });
}

/** 0x7075: version 1, CRC-32 of the name in the header, the name in UTF-8. */
function pathFor(name: string, field: Buffer): Buffer {
  const sum = crc32(Buffer.from(name, 'latin1'));
  if (field.length > 5 && field[0] === 1 && field.readUInt32LE(1) === sum) return field.subarray(5);
  throw zipFault('ZIP_MISMATCH', 'Unicode path field', 'one made for this name', 'another');
}

/** 0x5455: flags and up to three times; the central header may keep the first alone. */
function isExtendedTimestamp(field: Buffer, central: boolean): boolean {
  const flags = field[0];
  if (flags === undefined || flags > 7) return false;
  const times = (flags & 1) + ((flags >> 1) & 1) + (flags >> 2);
  return field.length === 1 + 4 * times || (central && field.length === 1 + 4 * (flags & 1));
}

/** 0x7875: version 1, a user and a group, each behind its length. */
function isOwner(field: Buffer): boolean {
  const user = field[1] ?? 0;
  const group = field[2 + user] ?? 0;
  return field[0] === 1 && user > 0 && group > 0 && field.length === 3 + user + group;
}

/** 0x000a: four reserved bytes and one attribute with three times. */
function isNtfsTimes(field: Buffer): boolean {
  return field.length === 32 && field.readUInt16LE(4) === 1 && field.readUInt16LE(6) === 24;
}
