/** Reads exact numbers of bytes from a stream of chunks, one at a time, without keeping what was read. */

export interface ByteReader {
  /** `before` and the next `size` bytes in memory of their own; fewer only at the end of the stream. */
  read(size: number, before?: Buffer): Promise<Buffer>;
  /** Passes over `size` bytes. Returns how many there were. */
  skip(size: number): Promise<number>;
}

const nothing: Buffer = Buffer.alloc(0);

export function createByteReader(chunks: AsyncIterable<Buffer>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let current: Buffer = nothing;

  /** Hands slices to `use` until `size` bytes went by. */
  async function take(size: number, use: (slice: Buffer, at: number) => void): Promise<number> {
    let taken = 0;
    while (taken < size) {
      if (current.length === 0) {
        const next = await iterator.next();
        if (next.done) return taken;
        current = next.value;
        continue;
      }
      const slice = current.subarray(0, size - taken);
      current = current.subarray(slice.length);
      use(slice, taken);
      taken += slice.length;
    }
    return taken;
  }

  return {
    async read(size, before = nothing) {
      // Never pooled: a small file must not keep a large shared block of memory alive.
      const bytes = Buffer.allocUnsafeSlow(before.length + size);
      before.copy(bytes);
      const taken = await take(size, (slice, at) => slice.copy(bytes, before.length + at));
      return taken === size ? bytes : bytes.subarray(0, before.length + taken);
    },
    skip: size => take(size, () => {}),
  };
}
