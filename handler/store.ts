/** `DEPS_DIR`: finds verified copies (R3), sweeps what killed runs left, installs new ones with one rename (R5). */
import * as fs from 'node:fs';
import path from 'node:path';
import { markerPath, storeName } from '../artifact/layout.ts';
import type { LockArtifact } from '../artifact/lock.ts';
import type { MarkerFacts } from './choose.ts';
import { isSameMarker } from './choose.ts';
import { sealCompileCache } from './compile-cache.ts';
import { judgeCopy } from './copy.ts';
import { diskError, diskNeed, freeBytes } from './disk.ts';
import { HandlerError } from './errors.ts';
import type { LoaderEvent } from './events.ts';
import { readMarker } from './marker.ts';
import type { LoaderSettings } from './settings.ts';
import { removeIfPossible, sweepDead, workPrefix } from './sweep.ts';
import { unpack } from './unpack.ts';

type Log = (event: LoaderEvent) => void;

/** Stores that this process has opened: what is in them is no news. */
const opened = new Set<string>();

/**
 * Makes `dir` ready: a folder of our own that nobody else can write, leftovers of dead processes swept.
 * True when an earlier process made it.
 *
 * Throws `DEPS_UNSAFE_DIR` when it is a link or somebody else's, `DEPS_READONLY`, `DEPS_DISK` … when it cannot be made.
 */
export function openStore(dir: string, log: Log): boolean {
  try {
    // Looked at first: mkdir of a dangling link says ENOENT, which means something else.
    const isNew = fs.lstatSync(dir, { throwIfNoEntry: false }) === undefined;
    if (isNew) fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
    const stat = fs.lstatSync(dir);
    if (!stat.isDirectory()) throw unsafe(dir, 'a folder', 'a link or file');
    const uid = process.getuid?.();
    if (stat.uid !== uid) throw unsafe(dir, `owner ${uid}`, `owner ${stat.uid}`);
    // Refused and not mended: it may be /tmp itself, which others need as it is.
    if (stat.mode & 0o022) {
      throw unsafe(dir, 'writable by its owner alone', `mode ${(stat.mode & 0o7777).toString(8)}`);
    }
    sweepDead(dir, log);
    const isFound = !isNew && !opened.has(dir);
    opened.add(dir);
    return isFound;
  } catch (error) {
    throw diskError(error, { path: dir });
  }
}

/**
 * The folder of a complete, re-hashed copy; undefined when there is none. A copy that is not what the lock says
 * is reported and removed.
 */
export function findCopy(
  dir: string,
  artifact: LockArtifact,
  expected: MarkerFacts,
  log: Log,
): string | undefined {
  const root = path.join(dir, storeName(artifact.digest));
  const seen = fs.lstatSync(root, { throwIfNoEntry: false });
  if (seen === undefined) return undefined;
  const reason = seen.isDirectory() ? judge(root, artifact, expected) : 'not a folder';
  if (reason === undefined) return root;
  log({ level: 'warn', event: 'security', artifact: artifact.name, path: root, reason });
  try {
    discard(dir, root, seen.ino);
  } catch (error) {
    throw diskError(error, { path: root });
  }
  return undefined;
}

/**
 * R5: unpacks a verified zip into a private folder and renames it into place. When another process was faster its
 * copy is verified and taken. Nothing is left behind on failure.
 *
 * Throws `ZIP_*`, `DEPS_TREE` when the marker inside is not the lock's, and the errors of the disk.
 */
export async function installCopy(
  settings: Pick<LoaderSettings, 'dir' | 'log' | 'clock'>,
  zip: Buffer,
  artifact: LockArtifact,
  expected: MarkerFacts,
): Promise<string> {
  // Descriptors are short for a moment when the app or another artifact holds many: a moment later they are not.
  for (let tries = 1; ; tries += 1) {
    try {
      return installOnce(settings.dir, zip, artifact, expected, settings.log);
    } catch (error) {
      if (tries === 3 || (error as Partial<HandlerError>).code !== 'DEPS_TOO_MANY_FILES') throw error;
      await settings.clock.sleep(25 * tries);
    }
  }
}

function installOnce(
  dir: string,
  zip: Buffer,
  artifact: LockArtifact,
  expected: MarkerFacts,
  log: Log,
): string {
  const root = path.join(dir, storeName(artifact.digest));
  let work: string | undefined;
  try {
    work = fs.mkdtempSync(path.join(dir, workPrefix));
    const fresh = path.join(work, 'tree');
    unpack(
      zip,
      fresh,
      {},
      {
        files: artifact.files,
        bytes: artifact.unpackedSize,
        tree: artifact.tree,
        marker: markerPath(artifact.name),
      },
    );
    const found = readMarker(fresh, artifact.name);
    if (found === null || !isSameMarker(found, expected)) {
      throw new HandlerError(
        'DEPS_TREE',
        `the marker of ${artifact.name} is not the lock's (expected ${expected.tree}, found ${found?.tree ?? 'none'})`,
        { hint: 'build and publish again', details: { artifact: artifact.name, expected, found } },
      );
    }
    sealCompileCache(fresh);
    if (moveIntoPlace(fresh, root)) return root;
    // B10: another process was faster. Its copy is judged like any other.
    const winner = findCopy(dir, artifact, expected, log);
    if (winner !== undefined) return winner;
    if (moveIntoPlace(fresh, root)) return root;
    throw new HandlerError(
      'DEPS_TREE',
      `${root} is taken again and again by something that is not ${artifact.name}`,
      {
        hint: 'find out what else writes to DEPS_DIR',
        details: { artifact: artifact.name, path: root },
      },
    );
  } catch (error) {
    throw diskError(error, {
      path: dir,
      needBytes: diskNeed(artifact.unpackedSize, artifact.files),
      haveBytes: freeBytes(dir),
    });
  } finally {
    if (work !== undefined) removeIfPossible(work);
  }
}

function judge(root: string, artifact: LockArtifact, expected: MarkerFacts): string | undefined {
  try {
    return judgeCopy(root, artifact, expected);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // No descriptor left is our own trouble and says nothing about the copy.
    if (code === 'EMFILE' || code === 'ENFILE') throw diskError(error, { path: root });
    return `unreadable: ${code}`;
  }
}

/** Moves a bad copy out of sight at once, then deletes it; puts it back if it was exchanged for another meanwhile. */
function discard(dir: string, root: string, ino: number): void {
  if (fs.lstatSync(root, { throwIfNoEntry: false })?.ino !== ino) return;
  const work = fs.mkdtempSync(path.join(dir, workPrefix));
  const away = path.join(work, 'bad');
  try {
    fs.renameSync(root, away);
    if (fs.lstatSync(away).ino !== ino) moveIntoPlace(away, root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    removeIfPossible(work);
  }
}

/** rename(2) replaces an empty folder and nothing else: of several processes the first one wins. */
function moveIntoPlace(from: string, to: string): boolean {
  try {
    fs.renameSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
    throw error;
  }
}

function unsafe(dir: string, expected: string, found: string): HandlerError {
  return new HandlerError(
    'DEPS_UNSAFE_DIR',
    `${dir} is not safe to use (expected ${expected}, found ${found})`,
    {
      hint: 'set DEPS_DIR to a folder that only the function can write',
      details: { path: dir, expected, found },
    },
  );
}
