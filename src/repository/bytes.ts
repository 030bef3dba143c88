/** Reads exact numbers of bytes from a stream of chunks into memory of the caller's, without keeping what was read. */

export interface ByteReader {
  /** Writes the next bytes to `into` from `at` on. Returns how many; fewer than `size` only at the end of the stream. */
  read(into: Buffer, at: number, size: number): Promise<number>;
  /** Passes over `size` bytes. Returns how many there were. */
  skip(size: number): Promise<number>;
}

export function createByteReader(chunks: AsyncIterable<Buffer>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let current: Buffer = Buffer.alloc(0);

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
    read: (into, start, size) => take(size, (slice, at) => slice.copy(into, start + at)),
    skip: size => take(size, () => {}),
  };
}
