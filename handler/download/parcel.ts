/** The bytes of an artifact as they arrive: one buffer of exactly the lock's size, hashed on the way. */
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import type { Digest } from '../../artifact/digest.ts';

export interface Parcel {
  readonly size: number;
  /** Bytes received so far, from the start and without a hole. */
  readonly filled: number;
  /** ETag of the object these bytes are from. */
  etag: string | undefined;
  /** False when the chunk would make it longer than the lock says; nothing is kept of it then. */
  write(chunk: Uint8Array): boolean;
  /** Forgets everything received. */
  restart(): void;
  /** Digest of what was received. */
  digest(): Digest;
  bytes(): Buffer;
}

/** `allocate` makes the buffer of `size` bytes. @default memory of this thread alone */
export function createParcel(size: number, allocate = (): Buffer => Buffer.allocUnsafeSlow(size)): Parcel {
  let buffer: Buffer | undefined;
  let filled = 0;
  let hash: Hash = createHash('sha256');
  return {
    size,
    etag: undefined,
    get filled() {
      return filled;
    },
    write(chunk) {
      if (filled + chunk.length > size) return false;
      // Allocated with the first byte: an object that is refused costs no memory.
      buffer ??= allocate();
      buffer.set(chunk, filled);
      filled += chunk.length;
      hash.update(chunk);
      return true;
    },
    restart() {
      filled = 0;
      hash = createHash('sha256');
      this.etag = undefined;
    },
    digest: () => `sha256:${hash.copy().digest('hex')}`,
    bytes: () => (buffer ?? Buffer.alloc(0)).subarray(0, filled),
  };
}
