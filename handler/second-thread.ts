/** The program of the second thread (handler/second.ts): writes entries until none is left, and ends. */
import { workerData } from 'node:worker_threads';
import type { WriteJob } from './write.ts';
import { writeEntries } from './write.ts';

const job = workerData as WriteJob;
writeEntries({
  ...job,
  zip: asBuffer(job.zip),
  table: { ...job.table, names: asBuffer(job.table.names) },
  sums: asBuffer(job.sums),
});

/** A buffer that was handed to a thread is a plain array there. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
