/** Keeps `DEPS_DIR` clean: work folders of dead processes go, and copies of other locks when the room is needed. */
import * as fs from 'node:fs';
import path from 'node:path';
import { storeName } from '../artifact/layout.ts';
import type { LockArtifact } from '../artifact/lock.ts';
import { diskNeed, freeBytes, noSpace } from './disk.ts';
import type { LoaderEvent } from './events.ts';

type Log = (event: LoaderEvent) => void;

/** How private folders of this process begin: `.work-<process id>-<random>`. */
export const workPrefix = `.work-${process.pid}-`;

const workPattern = /^\.work-(\d+)-/;

/** Removes the work folders of processes that are no more. */
export function sweepDead(dir: string, log: Log): void {
  for (const name of fs.readdirSync(dir)) {
    const pid = workPattern.exec(name)?.[1];
    if (pid === undefined) continue;
    const leftover = path.join(dir, name);
    if (isInUse(leftover, Number(pid))) continue;
    removeIfPossible(leftover);
    log({ level: 'info', event: 'swept', path: leftover });
  }
}

/** What cannot be removed now takes room and does no other harm. */
export function removeIfPossible(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true });
  } catch {
    try {
      // the folders of a compile cache in use are unwritable (compile-cache.ts)
      openFolders(folder);
      fs.rmSync(folder, { recursive: true });
    } catch {
      // the next start tries again
    }
  }
}

/** Makes every folder writable, by no link on the way. */
function openFolders(folder: string): void {
  fs.chmodSync(folder, 0o700);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(path.join(folder, entry.name));
  }
}

/**
 * Checks before the download that the disk has room; makes room by removing copies that this lock does not name.
 *
 * Throws `DEPS_NOSPACE` with need and have.
 */
export function reserveSpace(
  dir: string,
  missing: readonly LockArtifact[],
  keep: readonly LockArtifact[],
  log: Log,
): void {
  const need = missing.reduce((sum, { unpackedSize, files }) => sum + diskNeed(unpackedSize, files), 0);
  if ((freeBytes(dir) ?? need) >= need) return;
  const names = new Set(keep.map(({ digest }) => storeName(digest)));
  for (const name of fs.readdirSync(dir)) {
    if (!/^sha256-[0-9a-f]{64}$/.test(name) || names.has(name)) continue;
    removeIfPossible(path.join(dir, name));
    log({ level: 'info', event: 'swept', path: path.join(dir, name) });
  }
  const have = freeBytes(dir) ?? need;
  if (have < need) throw noSpace(dir, need, have);
}

/** In use while its process lives. Lambda gives process ids anew: one of our own number may be from a former life. */
function isInUse(folder: string, pid: number): boolean {
  if (pid === process.pid) {
    const bornAt = Date.now() - process.uptime() * 1000;
    const changedAt = fs.lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return changedAt >= bornAt - 1000;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
