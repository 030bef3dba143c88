/** Removes what functions left behind: folders that they made read-only stop everybody but root. */
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

const options = { recursive: true, force: true, maxRetries: 5 } as const;

/** Removes a folder with all that is in it, read-only folders too. */
export async function removeTree(folder: string): Promise<void> {
  await rm(folder, options).catch(error => {
    unlock(error, folder);
    return rm(folder, options);
  });
}

/** `removeTree` for where nothing can be awaited. */
export function removeTreeSync(folder: string): void {
  try {
    rmSync(folder, options);
  } catch (error) {
    unlock(error, folder);
    rmSync(folder, options);
  }
}

function unlock(error: unknown, folder: string): void {
  if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
  makeWritable(folder);
}

/** Links are not followed: they may lead out of the folder. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
  }
}
