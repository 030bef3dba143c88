/** The content of one entry: exactly the promised bytes, or an error. */
import { crc32, inflateRawSync } from 'node:zlib';
import { zipFault } from './fault.ts';

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
 * Unpacks one entry in memory. Never allocates more than the promised size. A stored entry is a view of the zip.
 * Throws `ZIP_DATA` when the stream is broken, ends early, goes on after its end, or has another size or CRC-32.
 */
export function contentOf(zip: Buffer, entry: PackedContent): Buffer {
  const packed = zip.subarray(entry.start, entry.start + entry.packed);
  const content = entry.method === 0 ? packed : inflate(packed, entry);
  const sum = crc32(content);
  if (content.length !== entry.size || sum !== entry.crc32) {
    const expected = `${entry.size} bytes with CRC-32 ${hex(entry.crc32)}`;
    throw zipFault('ZIP_DATA', 'content of', expected, `${content.length} bytes with ${hex(sum)}`, {
      name: entry.path,
    });
  }
  return content;
}

function inflate(packed: Buffer, entry: PackedContent): Buffer {
  let result: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    // One byte more than promised in the only chunk: a full chunk would make zlib allocate a second one.
    result = inflateRawSync(packed, {
      chunkSize: Math.max(64, entry.size + 1),
      maxOutputLength: Math.max(1, entry.size),
      info: true,
    }) as unknown as typeof result;
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : 'another error';
    throw zipFault('ZIP_DATA', 'deflate stream of', `${entry.size} bytes`, found, { name: entry.path });
  }
  if (result.engine.bytesWritten !== packed.length) {
    const found = `${result.engine.bytesWritten}`;
    throw zipFault('ZIP_DATA', 'deflate stream of', `${packed.length} packed bytes used`, found, {
      name: entry.path,
    });
  }
  return result.buffer;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
