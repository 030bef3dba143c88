/**
 * `THREADS=2 npx ava 'test/handler/{unpack,loader}/*.test.ts'` goes through the same tables with a second thread for every
 * archive, however small.
 */
export const isTwoThreads = process.env['THREADS'] === '2';

/** The same bytes in memory that a second thread can read. */
export function inSharedMemory(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** What the loader is told so that it unpacks any artifact with two threads. */
export const twoThreads = { memoryMb: 10_240, manyFiles: 1 };
