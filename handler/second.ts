/**
 * R5 with a second thread, where there is a core for it. It only helps: it takes entries as the first one does, so one that
 * does not start takes none; after one that fails or hangs the archive is unpacked again, by one thread.
 */
import type { WriteJob } from './write.ts';
import { settle, writeEntries } from './write.ts';

/** A second thread has at most the rest of its stretch to write when the first one is done. */
const patienceMs = 5_000;

/** Writes the entries of a job in shared memory with two threads. Throws when one of them could not do its share. */
export function writeWithSecond(job: WriteJob): void {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(new URL('./second-thread.ts', import.meta.url), {
    workerData: job,
    // nothing of the app's: neither flags, nor what they load first, nor secrets
    env: {},
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
  worker.unref();
  // its share is missing then, and that is enough
  worker.on('error', () => {});
  let isWhole = false;
  try {
    writeEntries(job);
  } finally {
    isWhole = settle(job, patienceMs);
    void worker.terminate();
  }
  if (!isWhole) throw new Error('the second thread did not do its share');
}
