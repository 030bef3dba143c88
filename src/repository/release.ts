/** Gives memory back without waiting for V8. */

/** Bytes; less is not worth it. */
const smallest = 16 * 1024;

/**
 * Frees the memory of which these bytes are a part; nobody may look at any of it again. V8 collects what lies outside its
 * heap late: of an archive of 50 MB, read in pieces of 64 kB, 60 MB would lie about.
 *
 * `own`: how many bytes of memory they have for themselves. If it is not as many, they are in a place that others share
 * and stay: Node hands out small buffers of one pool, and Node 22 would let the pool itself go.
 */
export function release({ buffer, length }: Buffer, own: number): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== own || own < smallest) return;
  if (own > Buffer.poolSize || length === own) buffer.transfer(0);
}
