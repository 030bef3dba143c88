/** R5: writes a checked archive into a fresh private folder and moves it into place with one rename. */
import * as fs from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Digest, TreeFile } from '../artifact/digest.ts';
import { treeOfSorted } from '../artifact/digest.ts';
import { ownPath } from '../artifact/layout.ts';
import { writeWithSecond } from './second.ts';
import { jobOf, sumBytes, writeEntries } from './write.ts';
import { zipFault } from './zip/fault.ts';
import type { ArchiveLimits } from './zip/read.ts';
import { defaultLimits } from './zip/read.ts';
import type { EntryTable } from './zip/table.ts';
import { entryAt, inOrder, readTable } from './zip/table.ts';

/** What the lock promises about the archive; each is checked when given. */
export interface Expected {
  readonly files?: number;
  /** Bytes of all files after unpacking. */
  readonly bytes?: number;
  readonly tree?: Digest;
  /** Path of the one file that the tree does not cover; without it, every artifact's marker is left out. */
  readonly marker?: string;
}

export interface UnpackReport {
  readonly files: number;
  readonly folders: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** Tree digest of all files except the marker. */
  readonly tree: Digest;
}

/** How the private folders beside the target begin: what a killed run may leave behind, and a later one may sweep. */
export const workPrefix = '.unpacking-';

/**
 * Unpacks an archive into `into`, a folder that does not exist yet or is empty. All headers are checked before
 * the first byte is written; on any failure nothing is left. Files get mode 0644 or 0755, folders 0755.
 *
 * Throws `HandlerError` with a code `ZIP_*` (`ZIP_TARGET` also when another process put a folder there meanwhile).
 * Errors of the file system (`ENOSPC`, `EMFILE`, `EROFS` …) are passed on as they are.
 */
export function unpack(
  zip: Buffer,
  into: string,
  limits: Partial<ArchiveLimits> = {},
  expect: Expected = {},
): UnpackReport {
  if (zip.buffer instanceof SharedArrayBuffer) {
    try {
      return unpackWith(2, zip, into, limits, expect);
    } catch {
      // One thread alone says what is wrong, always the same, whoever met what first; or it succeeds.
    }
  }
  return unpackWith(1, zip, into, limits, expect);
}

function unpackWith(
  threads: 1 | 2,
  zip: Buffer,
  into: string,
  limits: Partial<ArchiveLimits>,
  expect: Expected,
): UnpackReport {
  const table = readTable(zip, { ...defaultLimits, ...limits });
  const { files, bytes } = sumOf(table);
  promise('files', expect.files, files);
  promise('bytes', expect.bytes, bytes);
  const target = resolve(into);
  refuseUsed(target);
  fs.mkdirSync(dirname(target), { recursive: true });
  const work = fs.mkdtempSync(join(dirname(target), workPrefix));
  try {
    const root = join(work, 'tree');
    fs.mkdirSync(root, 0o755);
    // Only under a strict umask is chmod worth a call.
    const masked = (fs.statSync(root).mode & 0o777) !== 0o755;
    if (masked) fs.chmodSync(root, 0o755);
    const job = jobOf(zip, table, root, masked);
    if (threads === 2) writeWithSecond(job);
    else writeEntries(job);
    const tree = treeOfSorted(treeFiles(table, job.sums, expect.marker));
    promise('tree', expect.tree, tree);
    moveInto(root, target);
    return { files, folders: table.length - files, bytes, tree };
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

function sumOf(table: EntryTable): { readonly files: number; readonly bytes: number } {
  let files = 0;
  let bytes = 0;
  for (let index = 0; index < table.length; index++) {
    const { kind, size } = entryAt(table, index);
    if (kind === 'file') files += 1;
    bytes += size;
  }
  return { files, bytes };
}

function* treeFiles(table: EntryTable, sums: Buffer, marker: string | undefined): Generator<TreeFile> {
  for (const index of inOrder(table)) {
    const { path, kind, mode } = entryAt(table, index);
    if (kind !== 'file' || isMarker(path, marker)) continue;
    const at = index * sumBytes;
    yield { path, mode, sha256: sums.toString('hex', at, at + sumBytes) };
  }
}

/** rename(2) takes the place of an empty folder and of nothing else, so the first of several processes wins. */
function moveInto(work: string, target: string): void {
  try {
    fs.renameSync(work, target);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') throw used(target);
    throw error;
  }
}

function refuseUsed(target: string): void {
  const found = fs.lstatSync(target, { throwIfNoEntry: false });
  if (found && (!found.isDirectory() || fs.readdirSync(target).length > 0)) throw used(target);
}

function used(target: string): Error {
  const what = `cannot unpack into ${JSON.stringify(basename(target))}`;
  return zipFault('ZIP_TARGET', what, 'no such folder, or an empty one', 'something there');
}

function promise(what: string, expected: number | string | undefined, found: number | string): void {
  if (expected === undefined || expected === found) return;
  throw zipFault('ZIP_UNEXPECTED', `not the archive that was promised: ${what}`, `${expected}`, `${found}`);
}

const anyMarker = new RegExp(`^${ownPath.replaceAll('.', '\\.')}/[a-z][a-z0-9-]*\\.json$`);

function isMarker(path: string, marker: string | undefined): boolean {
  return marker === undefined ? anyMarker.test(path) : path === marker;
}
