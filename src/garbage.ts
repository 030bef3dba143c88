/** Has garbage collected that V8 does not see coming: bytes outside its heap, which nobody refers to any more. */

/** Bytes of garbage that may lie about. */
const most = 4 * 1024 * 1024;
let left = 0;

/**
 * Told of bytes that passed by. Lambda starts Node with `--expose-gc`: there, what is young is collected every so many
 * bytes, a millisecond or two. V8 by itself waits for 64 MB; where `gc` is not exposed, that is how it stays.
 */
export function passedBy(bytes: number): void {
  left += bytes;
  if (left < most) return;
  left = 0;
  (globalThis as { gc?: (options: { type: 'minor' }) => void }).gc?.({ type: 'minor' });
}
