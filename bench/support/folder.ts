/** A benchmark's own folder, gone when it ends: done, failed or interrupted. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes it in `base`, open to other users, since some processes run as Lambda's. @default the temporary folder */
export async function withFolder<T>(
  name: string,
  work: (folder: string) => Promise<T>,
  base = tmpdir(),
): Promise<T> {
  const folder = mkdtempSync(join(base, `bench-${name}-`));
  chmodSync(folder, 0o755);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  // an interruption ends in process.exit(), see run.ts
  process.once('exit', remove);
  try {
    return await work(folder);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** Where files are written that neither the disk nor its other users shall decide about; BENCH_TMP names another. */
export function memoryFolder(): string {
  return process.env['BENCH_TMP'] ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
}
