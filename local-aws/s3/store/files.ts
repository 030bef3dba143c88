/**
 * Durable file operations: a name appears only when its bytes are on the disk, and is then complete. Folders are not
 * synced: a killed process loses nothing, a power cut may lose the last moments, neither leaves anything half.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { LocalAwsError } from '../../errors.ts';

/** A folder for unfinished files on the same file system as the finished ones. */
export interface Workspace {
  /** A fresh path for a file or folder that is not finished. */ temporary(): string;
  /** Gives a finished file or folder its name, replacing a file of that name. */
  publish(from: string, to: string): Promise<void>;
  writeJson(to: string, value: unknown): Promise<void>;
  /** Takes a folder or file away at once, then deletes it. */ discard(target: string): Promise<void>;
}

/** Opens the workspace and sweeps what a killed process left in it. */
export async function openWorkspace(folder: string): Promise<Workspace> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const temporary = () => path.join(folder, randomName());
  return {
    temporary,
    publish: rename,
    writeJson: async (to, value) => {
      const from = temporary();
      await writeDurably(from, JSON.stringify(value));
      await rename(from, to);
    },
    discard: async target => {
      const away = temporary();
      await rename(target, away);
      await rm(away, { recursive: true, force: true });
    },
  };
}

/** A name nobody can guess and nobody has: 128 bits in hex. */
export function randomName(): string {
  return randomBytes(16).toString('hex');
}

/** Reads a JSON file that this program wrote; `undefined` when it does not exist. Throws `DATA_UNREADABLE`. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LocalAwsError('DATA_UNREADABLE', `Not readable as JSON, it was damaged from outside: ${file}`, {
      hint: 'Restore the file, or start over with an empty data folder.',
      details: { file },
      cause: error,
    });
  }
}

/** Names in a folder; none when it does not exist. */
export async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
