/** The two headers of an entry as plain data, and the check that they say the same. */
import { wideInteger } from './end.ts';
import type { Extra } from './extra.ts';
import { readExtra } from './extra.ts';
import { zipFault } from './fault.ts';

/** A central header (APPNOTE 4.3.12). */
export interface CentralHeader {
  readonly madeBy: number;
  readonly needed: number;
  readonly flags: number;
  readonly method: number;
  /** DOS time and date in one number. */ readonly time: number;
  readonly crc32: number;
  readonly attributes: number;
  /** The bytes of the name, a character a byte. */ readonly name: string;
  readonly extra: Extra;
  /** Offset of the first byte after the header. */ readonly end: number;
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

/** The bytes of the name of the central header at `at`, a character a byte; for messages about a broken header too. */
export function readName(zip: Buffer, at: number): string {
  const start = at + centralSize;
  return start > zip.length ? '' : zip.toString('latin1', start, start + zip.readUInt16LE(at + 28));
}

/** Reads the central header at `at`, which must end before `limit`. */
export function readCentral(zip: Buffer, at: number, limit: number, name: string): CentralHeader {
  if (at + centralSize > limit || zip.readUInt32LE(at) !== centralSignature) {
    throw zipFault('ZIP_LAYOUT', 'central header', `one at offset ${at}`, 'none');
  }
  const extraStart = at + centralSize + name.length;
  const end = extraStart + zip.readUInt16LE(at + 30);
  const comment = zip.readUInt16LE(at + 32);
  const disk = zip.readUInt16LE(at + 34);
  if (end > limit) throw zipFault('ZIP_LAYOUT', 'central header', 'its end in the directory', 'beyond');
  if (comment !== 0) throw zipFault('ZIP_EXTRA', 'comment', 'none', `${comment} bytes`);
  if (disk !== 0) throw zipFault('ZIP_UNSUPPORTED', 'disk', '0', `${disk}`);
  const header: CentralHeader = {
    madeBy: zip.readUInt16LE(at + 4),
    needed: zip.readUInt16LE(at + 6),
    flags: zip.readUInt16LE(at + 8),
    method: zip.readUInt16LE(at + 10),
    time: zip.readUInt32LE(at + 12),
    crc32: zip.readUInt32LE(at + 16),
    attributes: zip.readUInt32LE(at + 38),
    name,
    extra: readExtra(zip, extraStart, end, name, {
      packed: zip.readUInt32LE(at + 20),
      size: zip.readUInt32LE(at + 24),
      offset: zip.readUInt32LE(at + 42),
    }),
    end,
  };
  checkSupported(header);
  return header;
}

/**
 * Reads the local header at `at` (APPNOTE 4.3.7) and checks that it says what the central one said.
 * Returns the offset of the packed bytes.
 */
export function checkLocal(zip: Buffer, at: number, limit: number, central: CentralHeader): number {
  if (at + localSize > limit || zip.readUInt32LE(at) !== localSignature) {
    throw zipFault('ZIP_LAYOUT', 'local header', `one at offset ${at}`, 'none');
  }
  const extraStart = at + localSize + zip.readUInt16LE(at + 26);
  const end = extraStart + zip.readUInt16LE(at + 28);
  if (end > limit) throw zipFault('ZIP_LAYOUT', 'local header', 'its end before the directory', 'beyond');
  if (zip.toString('latin1', at + localSize, extraStart) !== central.name) {
    throw zipFault('ZIP_MISMATCH', 'local header', 'the name of the central header', 'another name');
  }
  same('version needed', central.needed, zip.readUInt16LE(at + 4));
  same('flags', central.flags, zip.readUInt16LE(at + 6));
  same('method', central.method, zip.readUInt16LE(at + 8));
  same('time', central.time, zip.readUInt32LE(at + 10));
  const extra = readExtra(zip, extraStart, end, central.name, {
    packed: zip.readUInt32LE(at + 18),
    size: zip.readUInt32LE(at + 22),
  });
  checkSums(zip, central, zip.readUInt32LE(at + 14), extra, end);
  return end;
}

/**
 * Checks the data descriptor at `at` (APPNOTE 4.3.9) and returns its end. It carries its signature, and 64-bit
 * sizes only where the central header does: any other form has two readings.
 */
export function checkDescriptor(zip: Buffer, at: number, limit: number, central: CentralHeader): number {
  const { wide, packed, size } = central.extra;
  const end = at + (wide ? 24 : 16);
  if (end > limit || zip.readUInt32LE(at) !== descriptorSignature) {
    throw zipFault('ZIP_LAYOUT', 'data descriptor', `one at offset ${at}`, 'none');
  }
  same('CRC-32', central.crc32, zip.readUInt32LE(at + 4));
  same('packed size', packed, wide ? wideInteger(zip, at + 8) : zip.readUInt32LE(at + 8));
  same('size', size, wide ? wideInteger(zip, at + 16) : zip.readUInt32LE(at + 12));
  return end;
}

function checkSupported({ needed, flags, method, extra }: CentralHeader): void {
  if ((needed & 0xff) > maxNeeded) {
    throw zipFault('ZIP_UNSUPPORTED', 'version needed', `at most ${maxNeeded}`, `${needed & 0xff}`);
  }
  if (flags & ~knownFlags) {
    throw zipFault('ZIP_UNSUPPORTED', 'flags', 'neither encryption nor patches', `0x${flags.toString(16)}`);
  }
  if (method !== 0 && method !== 8) {
    throw zipFault('ZIP_UNSUPPORTED', 'method', 'stored (0) or deflate (8)', `${method}`);
  }
  if (method === 0 && extra.packed !== extra.size) {
    throw zipFault('ZIP_MISMATCH', 'sizes of a stored entry', `${extra.packed} twice`, `${extra.size}`);
  }
}

/** A streaming writer does not know them yet and leaves all three zero; the descriptor brings them. */
function checkSums(zip: Buffer, central: CentralHeader, crc32: number, extra: Extra, start: number): void {
  const streamed = (central.flags & flag.descriptor) !== 0;
  if (streamed && crc32 === 0 && extra.packed === 0 && extra.size === 0) {
    if (central.method === 0) checkStoredEnd(zip, start, central.extra.packed);
  } else {
    same('CRC-32', central.crc32, crc32);
    same('packed size', central.extra.packed, extra.packed);
    same('size', central.extra.size, extra.size);
  }
  if (extra.wide && !central.extra.wide) {
    throw zipFault('ZIP_MISMATCH', 'local header', 'zip64 sizes in both headers', 'in one');
  }
  const path = central.extra.unicodePath;
  if (path === undefined ? extra.unicodePath !== undefined : !extra.unicodePath?.equals(path)) {
    throw zipFault('ZIP_MISMATCH', 'local header', 'the Unicode path of the central header', 'another');
  }
}

/** A streaming reader ends stored data at the first descriptor that it sees; that must be where the data ends. */
function checkStoredEnd(zip: Buffer, start: number, packed: number): void {
  const found = zip.subarray(start, start + packed + 4).indexOf(descriptorMark);
  if (found === packed) return;
  throw zipFault('ZIP_LAYOUT', 'stored data', `its descriptor after ${packed} bytes`, `after ${found}`);
}

function same(what: string, central: number, other: number): void {
  if (central === other) return;
  throw zipFault('ZIP_MISMATCH', `${what} next to the data`, `${central} as in the directory`, `${other}`);
}
