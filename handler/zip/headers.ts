/** The two headers of an entry as plain data, and the check that they say the same. */
import { wideInteger } from './end.ts';
import type { Extra } from './extra.ts';
import { readExtra } from './extra.ts';
import type { FaultPlace } from './fault.ts';
import { zipFault } from './fault.ts';

/** What both headers say (APPNOTE 4.3.7 and 4.3.12). */
interface Shared {
  readonly needed: number;
  readonly flags: number;
  readonly method: number;
  /** DOS time and date in one number. */ readonly time: number;
  readonly crc32: number;
  readonly name: Buffer;
  readonly extra: Extra;
  /** Offset of the first byte after the header. */ readonly end: number;
}

export interface CentralHeader extends Shared {
  readonly madeBy: number;
  readonly attributes: number;
}

export const flag = { descriptor: 0x0008, utf8: 0x0800 };

const centralSignature = 0x02014b50;
const localSignature = 0x04034b50;
const descriptorSignature = 0x08074b50;
const descriptorMark = Buffer.from('PK\x07\x08', 'latin1');
const centralSize = 46;
const localSize = 30;

/** Besides the two above: hints about the level of deflate, which change nothing. */
const knownFlags = flag.descriptor | flag.utf8 | 0x0006;
/** 4.5 is zip64; every later version is for methods or encryption that we refuse. */
const maxNeeded = 45;

/** Reads the central header at `at`, which must end before `limit`. */
export function readCentral(zip: Buffer, at: number, limit: number, entry: number): CentralHeader {
  if (at + centralSize > limit || zip.readUInt32LE(at) !== centralSignature) {
    throw zipFault('ZIP_LAYOUT', 'central header', `one at offset ${at}`, 'none', { entry });
  }
  const name = zip.subarray(at + centralSize, at + centralSize + zip.readUInt16LE(at + 28));
  const extraStart = at + centralSize + name.length;
  const end = extraStart + zip.readUInt16LE(at + 30);
  const place = { entry, name };
  if (end > limit)
    throw zipFault('ZIP_LAYOUT', 'central header', 'its end in the directory', 'beyond', place);
  if (zip.readUInt16LE(at + 32) !== 0) {
    throw zipFault('ZIP_EXTRA', 'comment', 'none', `${zip.readUInt16LE(at + 32)} bytes`, place);
  }
  if (zip.readUInt16LE(at + 34) !== 0) {
    throw zipFault('ZIP_UNSUPPORTED', 'disk', '0', `${zip.readUInt16LE(at + 34)}`, place);
  }
  const narrow = {
    packed: zip.readUInt32LE(at + 20),
    size: zip.readUInt32LE(at + 24),
    offset: zip.readUInt32LE(at + 42),
  };
  const header = {
    ...readShared(zip, at + 6),
    madeBy: zip.readUInt16LE(at + 4),
    attributes: zip.readUInt32LE(at + 38),
    name,
    extra: readExtra(zip, extraStart, end, name, narrow, place),
    end,
  };
  checkSupported(header, place);
  return header;
}

/**
 * Reads the local header at `at` and checks that it says what the central one said.
 * Returns the offset of the packed bytes.
 */
export function checkLocal(
  zip: Buffer,
  at: number,
  limit: number,
  central: CentralHeader,
  entry: number,
): number {
  const place = { entry, name: central.name };
  if (at + localSize > limit || zip.readUInt32LE(at) !== localSignature) {
    throw zipFault('ZIP_LAYOUT', 'local header', `one at offset ${at}`, 'none', place);
  }
  const name = zip.subarray(at + localSize, at + localSize + zip.readUInt16LE(at + 26));
  const extraStart = at + localSize + name.length;
  const end = extraStart + zip.readUInt16LE(at + 28);
  if (end > limit)
    throw zipFault('ZIP_LAYOUT', 'local header', 'its end before the directory', 'beyond', place);
  const narrow = { packed: zip.readUInt32LE(at + 18), size: zip.readUInt32LE(at + 22) };
  const local = readShared(zip, at + 4);
  const extra = readExtra(zip, extraStart, end, name, narrow, place);
  // A streaming writer does not know them yet and leaves all three zero; the descriptor brings them.
  const later =
    (local.flags & flag.descriptor) !== 0 && local.crc32 === 0 && extra.packed === 0 && extra.size === 0;
  same('version needed', central.needed, local.needed, place);
  same('flags', central.flags, local.flags, place);
  same('method', central.method, local.method, place);
  same('time', central.time, local.time, place);
  if (!later) {
    same('CRC-32', central.crc32, local.crc32, place);
    same('packed size', central.extra.packed, extra.packed, place);
    same('size', central.extra.size, extra.size, place);
  } else if (central.method === 0) {
    checkStoredEnd(zip, end, central, place);
  }
  if (extra.wide && !central.extra.wide) {
    throw zipFault('ZIP_MISMATCH', 'local header', 'zip64 sizes in both headers', 'in one', place);
  }
  const samePath = equal(central.extra.unicodePath, extra.unicodePath);
  if (!name.equals(central.name) || !samePath) {
    throw zipFault('ZIP_MISMATCH', 'local header', 'the name of the central header', 'another name', place);
  }
  return end;
}

/**
 * Checks the data descriptor at `at` (APPNOTE 4.3.9) and returns its end. It carries its signature, and 64-bit
 * sizes only where the central header does: any other form has two readings.
 */
export function checkDescriptor(
  zip: Buffer,
  at: number,
  limit: number,
  central: CentralHeader,
  entry: number,
): number {
  const place = { entry, name: central.name };
  const end = at + (central.extra.wide ? 24 : 16);
  if (end > limit || zip.readUInt32LE(at) !== descriptorSignature) {
    throw zipFault('ZIP_LAYOUT', 'data descriptor', `one at offset ${at}`, 'none', place);
  }
  const read = central.extra.wide
    ? wideInteger
    : (buffer: Buffer, offset: number) => buffer.readUInt32LE(offset);
  same('CRC-32', central.crc32, zip.readUInt32LE(at + 4), place);
  same('packed size', central.extra.packed, read(zip, at + 8), place);
  same('size', central.extra.size, read(zip, central.extra.wide ? at + 16 : at + 12), place);
  return end;
}

/** A streaming reader ends stored data at the first descriptor that it sees; that must be where the data ends. */
function checkStoredEnd(zip: Buffer, start: number, central: CentralHeader, place: FaultPlace): void {
  const packed = central.extra.packed;
  const found = zip.subarray(start, start + packed + 4).indexOf(descriptorMark);
  if (found === packed) return;
  throw zipFault(
    'ZIP_LAYOUT',
    'stored data',
    `its descriptor after ${packed} bytes`,
    `after ${found}`,
    place,
  );
}

function readShared(zip: Buffer, at: number) {
  return {
    needed: zip.readUInt16LE(at),
    flags: zip.readUInt16LE(at + 2),
    method: zip.readUInt16LE(at + 4),
    time: zip.readUInt32LE(at + 6),
    crc32: zip.readUInt32LE(at + 10),
  };
}

function checkSupported(header: CentralHeader, place: FaultPlace): void {
  const { needed, flags, method, extra } = header;
  if ((needed & 0xff) > maxNeeded) {
    throw zipFault('ZIP_UNSUPPORTED', 'version needed', `at most ${maxNeeded}`, `${needed & 0xff}`, place);
  }
  if (flags & ~knownFlags) {
    const found = `0x${flags.toString(16)}`;
    throw zipFault('ZIP_UNSUPPORTED', 'flags', 'neither encryption nor patches', found, place);
  }
  if (method !== 0 && method !== 8) {
    throw zipFault('ZIP_UNSUPPORTED', 'method', 'stored (0) or deflate (8)', `${method}`, place);
  }
  if (method === 0 && extra.packed !== extra.size) {
    throw zipFault(
      'ZIP_MISMATCH',
      'sizes of a stored entry',
      `${extra.packed} twice`,
      `${extra.size}`,
      place,
    );
  }
}

function same(what: string, central: number, other: number, place: FaultPlace): void {
  if (central === other) return;
  throw zipFault(
    'ZIP_MISMATCH',
    `${what} next to the data`,
    `${central} as in the directory`,
    `${other}`,
    place,
  );
}

function equal(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
