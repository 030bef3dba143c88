/** Memory outside of V8's heap: malloc and the collector give it back late, and the app's import needs the room. */
import type { LockArtifact } from '../artifact/lock.ts';
import type { LoaderSettings } from './settings.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: 1,769 MB are one core. */
export const coreMb = 1_769;
const enoughCores = 1.5;

/**
 * Memory for an artifact's zip, which `giveBack` can give back: shared with a second thread (handler/second.ts) where that is
 * worth its start.
 */
export function roomFor(
  { size, files }: Pick<LockArtifact, 'size' | 'files'>,
  { memoryMb, manyFiles = 4_000 }: Pick<LoaderSettings, 'memoryMb' | 'manyFiles'>,
): Buffer {
  const isWorthIt = files >= manyFiles && coresOf(memoryMb) >= enoughCores;
  return isWorthIt ? Buffer.from(new SharedArrayBuffer(size)) : resizable(size);
}

function coresOf(memoryMb: number | undefined): number {
  return memoryMb === undefined
    ? process.getBuiltinModule('node:os').availableParallelism()
    : memoryMb / coreMb;
}

/**
 * A resizable buffer has pages of its own. Memory of malloc would do harm when it is given back: glibc takes what is given
 * back for the size that is asked for often, and keeps that much of its heap from then on (mallopt(3), M_MMAP_THRESHOLD).
 */
function resizable(size: number): Buffer {
  return Buffer.from(new ArrayBuffer(size, { maxByteLength: size }), 0, size);
}

/** Gives the memory of `roomFor` back at once. Shared memory knows no way: V8 collects it when it likes. */
export function giveBack({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.resize(0);
}

const collectedBytes = 4_194_304;

/**
 * To be told of each piece of a body that was copied. `node:http` allocates every piece anew, and no collection happens by
 * itself while they come: nothing else is made. So they would lie side by side in malloc's heap, which never shrinks again
 * for what comes to lie behind them. Lambda exposes the collector (`--expose-gc`); elsewhere nothing is done.
 */
export function pieceCollector(): (bytes: number) => void {
  let waiting = 0;
  return bytes => {
    waiting += bytes;
    if (waiting < collectedBytes) return;
    waiting = 0;
    globalThis.gc?.({ type: 'minor', execution: 'sync' });
  };
}
