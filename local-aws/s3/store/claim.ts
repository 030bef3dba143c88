/** One process at a time per data folder: a second one would sweep away what the first is just writing. */
import { constants, copyFile, link, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalAwsError } from '../../errors.ts';
import { randomName } from './files.ts';

/** Folders this very process holds; a process id in a file cannot tell two servers of one process apart. */
const held = new Set<string>();

/**
 * Claims a folder until the returned function is called or the process ends; the claim of a killed process is void.
 * Throws `LocalAwsError` `DATA_UNREADABLE` while another server holds the folder.
 */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.join(folder, 'process');
  const owner = await describeProcess(process.pid);
  const draft = `${file}-${randomName()}`;
  if (held.has(folder)) throw inUse(folder, process.pid);
  held.add(folder);
  try {
    await writeFile(draft, owner);
    while (!(await tryLink(draft, file))) {
      const other = await readFile(file, 'utf8').catch(() => '');
      const pid = Number(other.split(' ')[0]);
      if (other !== owner && other !== '' && other === (await describeProcess(pid))) throw inUse(folder, pid);
      await rm(file, { force: true });
    }
  } catch (error) {
    held.delete(folder);
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    await rm(file, { force: true });
    held.delete(folder);
  };
}

/** Process id and, where the system tells it, the time the process began: ids are used again. `''` when it is dead. */
async function describeProcess(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; after it come the state and, as the 20th field, the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : `${pid} ${fields[19]}`;
  } catch {
    return isAlive(pid) ? `${pid} ` : '';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

/** Unlike a rename, a link never replaces what is there; unlike an exclusive open, it appears with its content. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch(error => {
      if (isCode(error, 'EEXIST')) throw error;
      // A file system without links: nearly as good.
      return copyFile(from, to, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

function inUse(folder: string, pid: number): LocalAwsError {
  return new LocalAwsError('DATA_UNREADABLE', `The data folder is in use by process ${pid}: ${folder}`, {
    hint: 'Stop that server, or give this one a data folder of its own.',
    details: { folder, pid },
  });
}
