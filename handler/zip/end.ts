/** Finds the central directory: the end record, its zip64 twin, and nothing that another reader could find instead. */
import { zipFault } from './fault.ts';

/** Where the central directory lies: it fills the bytes from `start` to `end` exactly. */
export interface Directory {
  readonly entries: number;
  readonly start: number;
  readonly end: number;
}

const endSignature = 0x06054b50;
const locatorSignature = 0x07064b50;
const end64Signature = 0x06064b50;
const endSize = 22;
const locatorSize = 20;
const end64Size = 56;

/** Longest comment that we look behind. GitHub puts 40 characters there. */
const maxComment = 1_024;

/**
 * Reads the end records (APPNOTE 4.3.14 to 4.3.16). The end record is the last one of the file, its comment
 * is printable ASCII up to the last byte, and everything between the central directory and it is accounted for.
 * Throws `ZIP_FORMAT`, `ZIP_LAYOUT`, `ZIP_MISMATCH`, `ZIP_UNSUPPORTED`.
 */
export function readDirectory(zip: Buffer): Directory {
  const at = findEnd(zip);
  const disk = zip.readUInt16LE(at + 4);
  const startDisk = zip.readUInt16LE(at + 6);
  const here = zip.readUInt16LE(at + 8);
  const entries = zip.readUInt16LE(at + 10);
  const size = zip.readUInt32LE(at + 12);
  const start = zip.readUInt32LE(at + 16);
  if (disk !== 0 || startDisk !== 0 || here !== entries) {
    throw zipFault(
      'ZIP_UNSUPPORTED',
      'the archive is one of several disks',
      'disk 0 alone',
      `disk ${disk}, directory on ${startDisk}, ${here} of ${entries} entries here`,
    );
  }
  const wide =
    at >= locatorSize && zip.readUInt32LE(at - locatorSize) === locatorSignature
      ? readWide(zip, at - locatorSize)
      : undefined;
  const directory = wide ?? { entries, start, end: at };
  // Each field of the narrow record is the wide one's value, or the mark that says "see there".
  check('number of entries', entries, directory.entries, 0xffff, wide !== undefined);
  check(
    'size of the central directory',
    size,
    directory.end - directory.start,
    0xffffffff,
    wide !== undefined,
  );
  check('offset of the central directory', start, directory.start, 0xffffffff, wide !== undefined);
  return directory;
}

/** The comment of an archive whose directory was read: printable ASCII, often empty. */
export function readComment(zip: Buffer): string {
  return zip.toString('latin1', findEnd(zip) + endSize);
}

function findEnd(zip: Buffer): number {
  const lowest = Math.max(0, zip.length - endSize - maxComment);
  for (let at = zip.length - endSize; at >= lowest; at--) {
    if (zip.readUInt32LE(at) !== endSignature) continue;
    const comment = zip.length - at - endSize;
    const claimed = zip.readUInt16LE(at + 20);
    if (claimed !== comment) {
      throw zipFault(
        'ZIP_LAYOUT',
        'the end record is not the end',
        `${claimed} bytes after it`,
        `${comment}`,
      );
    }
    if (!/^[\x20-\x7e\r\n\t]*$/.test(zip.toString('latin1', at + endSize))) {
      throw zipFault(
        'ZIP_LAYOUT',
        'the comment of the archive hides bytes',
        'printable ASCII',
        'other bytes',
      );
    }
    return at;
  }
  throw zipFault('ZIP_FORMAT', 'no end record', `one in the last ${endSize + maxComment} bytes`, 'none');
}

function readWide(zip: Buffer, locator: number): Directory {
  const at = locator - end64Size;
  const claimed = wideInteger(zip, locator + 8);
  if (at < 0 || claimed !== at || zip.readUInt32LE(at) !== end64Signature) {
    throw zipFault(
      'ZIP_LAYOUT',
      'the zip64 end record is not before its locator',
      `offset ${at}`,
      `${claimed}`,
    );
  }
  // 44 bytes after this field: the version 1 record without an extensible data sector.
  if (wideInteger(zip, at + 4) !== end64Size - 12) {
    throw zipFault('ZIP_UNSUPPORTED', 'zip64 extensible data', '44 bytes', `${wideInteger(zip, at + 4)}`);
  }
  const entries = wideInteger(zip, at + 32);
  const oneDisk =
    zip.readUInt32LE(locator + 4) === 0 &&
    zip.readUInt32LE(locator + 16) === 1 &&
    zip.readUInt32LE(at + 16) === 0 &&
    zip.readUInt32LE(at + 20) === 0 &&
    wideInteger(zip, at + 24) === entries;
  if (!oneDisk)
    throw zipFault('ZIP_UNSUPPORTED', 'the archive is one of several disks', 'one disk', 'several');
  const start = wideInteger(zip, at + 48);
  const size = wideInteger(zip, at + 40);
  if (start + size !== at) {
    throw zipFault(
      'ZIP_LAYOUT',
      'the central directory has other neighbours',
      `its end at ${at}`,
      `${start + size}`,
    );
  }
  return { entries, start, end: at };
}

function check(what: string, narrow: number, actual: number, seeWide: number, wide: boolean): void {
  if (narrow === actual && narrow !== seeWide) return;
  if (wide && narrow === seeWide) return;
  throw zipFault(wide ? 'ZIP_MISMATCH' : 'ZIP_LAYOUT', what, `${actual}`, `${narrow}`);
}

/** A 64-bit number. Above 2^53 it is rounded, which no offset or size of a real file reaches. */
export function wideInteger(zip: Buffer, at: number): number {
  return zip.readUInt32LE(at + 4) * 0x1_0000_0000 + zip.readUInt32LE(at);
}
