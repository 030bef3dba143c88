/** One build of a project at a time: two would replace each other's install while packages are loaded from it. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 100;
/** Process numbers come back, in containers soon: a turn that lasts longer belongs to nobody. */
const longestMs = 900_000;

export interface Turn {
  end(): void;
}

/** Waits until no other process builds in this folder. What a killed build left counts for nothing. */
export async function takeTurn(folder: string, signal?: AbortSignal): Promise<Turn> {
  const path = join(folder, 'building');
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return { end: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isAbandoned(path)) rmSync(path, { force: true });
    else await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isAbandoned(path: string): boolean {
  try {
    if (Date.now() - statSync(path).mtimeMs > longestMs) return true;
    // A file that is empty was made this moment: its holder is about to write its number.
    return !isAlive(Number(readFileSync(path, 'utf8') || process.pid));
  } catch {
    return false;
  }
}
