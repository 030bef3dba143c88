/** The content of one entry: exactly the promised bytes, or an error. */
import { crc32 } from 'node:zlib';
import { zipFault } from './fault.ts';
import type { Take } from './inflate.ts';
import { inflate } from './inflate.ts';

/** What the headers promise about the bytes of an entry. */
export interface PackedContent {
  readonly path: string;
  readonly method: 0 | 8;
  /** Offset of the packed bytes in the zip. */ readonly start: number;
  /** Packed bytes. */ readonly packed: number;
  /** Unpacked bytes. */ readonly size: number;
  readonly crc32: number;
}

/**
 * Hands over the content of an entry in pieces that are valid during the call only, never more than was promised.
 * Throws `ZIP_DATA` when the stream is broken, ends early, goes on after its end, or has another size or CRC-32;
 * what was handed over until then is worthless.
 */
export function readContent(zip: Buffer, entry: PackedContent, take: Take): void {
  let size = 0;
  let sum = 0;
  const check: Take = piece => {
    size += piece.length;
    sum = crc32(piece, sum);
    take(piece);
  };
  const packed = zip.subarray(entry.start, entry.start + entry.packed);
  const fault = entry.method === 0 ? void check(packed) : inflate(packed, entry.size, check);
  if (fault !== undefined) {
    throw zipFault('ZIP_DATA', 'deflate stream of', `${entry.size} bytes`, fault, entry.path);
  }
  if (size !== entry.size || sum !== entry.crc32) {
    const expected = `${entry.size} bytes with CRC-32 ${hex(entry.crc32)}`;
    throw zipFault('ZIP_DATA', 'content of', expected, `${size} bytes with ${hex(sum)}`, entry.path);
  }
}

/** The whole content of an entry in a buffer of its own. Throws `ZIP_DATA`. */
export function contentOf(zip: Buffer, entry: PackedContent): Buffer {
  const content = Buffer.allocUnsafe(entry.size);
  let at = 0;
  readContent(zip, entry, piece => {
    at += piece.copy(content, at);
  });
  return content;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
