/** Extra fields of a header: only those that every reader may ignore, and zip64 sizes where they are due. */
import { crc32 } from 'node:zlib';
import { wideInteger } from './end.ts';
import type { FaultPlace } from './fault.ts';
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

const none = { offset: 0, wide: false, unicodePath: undefined };

/**
 * Reads the extra fields from `start` to `end` (APPNOTE 4.5). They must tile the space, each at most once.
 * Throws `ZIP_EXTRA` for a field off the list or out of form, `ZIP_MISMATCH` where one contradicts the header.
 */
export function readExtra(
  zip: Buffer,
  start: number,
  end: number,
  name: Buffer,
  narrow: NarrowSizes,
  place: FaultPlace,
): Extra {
  const wanted = [narrow.size, narrow.packed, narrow.offset].filter(value => value === seeWide).length;
  if (start === end && wanted === 0) return { ...none, ...narrow, offset: narrow.offset ?? 0 };
  const fields = new Map<number, Buffer>();
  let at = start;
  while (at < end) {
    const length = at + 4 <= end ? zip.readUInt16LE(at + 2) : 0;
    const tag = at + 4 <= end ? zip.readUInt16LE(at) : -1;
    if (tag < 0 || at + 4 + length > end || fields.has(tag)) {
      throw zipFault('ZIP_EXTRA', 'extra fields', 'each once, inside their space', 'one that is not', place);
    }
    const field = zip.subarray(at + 4, at + 4 + length);
    const known =
      tag === zip64 || tag === unicodePath || harmless.get(tag)?.(field, narrow.offset !== undefined);
    if (!known) {
      const found = `0x${tag.toString(16).padStart(4, '0')} of ${length} bytes`;
      throw zipFault('ZIP_EXTRA', 'extra field', 'times, owners or needed zip64 sizes', found, place);
    }
    fields.set(tag, field);
    at += 4 + length;
  }
  const path = fields.get(unicodePath);
  return {
    ...widen(narrow, fields.get(zip64), wanted, place),
    unicodePath: path === undefined ? undefined : pathFor(name, path, place),
  };
}

/**
 * Takes the values that the header asks for, in their order: size, packed size, offset. Some writers always write all
 * three; what nobody asked for may only follow the rest and repeat the header, or two readers would see two archives.
 */
function widen(narrow: NarrowSizes, field: Buffer | undefined, wanted: number, place: FaultPlace) {
  const values = [narrow.size, narrow.packed, ...(narrow.offset === undefined ? [] : [narrow.offset])];
  const count = (field?.length ?? 0) / 8;
  const first = values.findIndex(value => value !== seeWide);
  const redundant = count > wanted && count === values.length && wanted > 0 && first === wanted;
  if (count !== wanted && !redundant) {
    const found = field === undefined ? 'no such field' : `${field.length} bytes`;
    throw zipFault('ZIP_EXTRA', 'zip64 field', `${wanted} sizes that the header asks for`, found, place);
  }
  let at = 0;
  const [size = 0, packed = 0, offset = 0] = values.map(value => {
    if (field === undefined || (value !== seeWide && !redundant)) return value;
    const wide = wideInteger(field, at);
    at += 8;
    if (value !== seeWide && value !== wide) {
      throw zipFault('ZIP_MISMATCH', 'zip64 field', `${value} as in the header`, `${wide}`, place);
    }
    return wide;
  });
  return { size, packed, offset, wide: narrow.size === seeWide || narrow.packed === seeWide };
}

/** 0x7075: version 1, CRC-32 of the name in the header, the name in UTF-8. */
function pathFor(name: Buffer, field: Buffer, place: FaultPlace): Buffer {
  if (field.length > 5 && field[0] === 1 && field.readUInt32LE(1) === crc32(name)) return field.subarray(5);
  throw zipFault('ZIP_MISMATCH', 'Unicode path field', 'one made for this name', 'another', place);
}

function isExtendedTimestamp(field: Buffer, central: boolean): boolean {
  const flags = field[0];
  if (flags === undefined || flags > 7) return false;
  const times = (flags & 1) + ((flags >> 1) & 1) + (flags >> 2);
  return field.length === 1 + 4 * times || (central && field.length === 1 + 4 * (flags & 1));
}

function isOwner(field: Buffer): boolean {
  const user = field[1] ?? 0;
  const group = field[2 + user] ?? 0;
  return field[0] === 1 && user > 0 && group > 0 && field.length === 3 + user + group;
}

function isNtfsTimes(field: Buffer): boolean {
  return field.length === 32 && field.readUInt16LE(4) === 1 && field.readUInt16LE(6) === 24;
}
