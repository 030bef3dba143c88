/** R5: writes a checked archive into a fresh private folder and moves it into place with one rename. */
import type { Hash } from 'node:crypto';
import { createHash, hash } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Digest, TreeFile } from '../artifact/digest.ts';
import { compareBytes, treeOfSorted } from '../artifact/digest.ts';
import { ownPath } from '../artifact/layout.ts';
import { zipFault } from './zip/fault.ts';
import type { ArchiveLimits, ZipEntry } from './zip/read.ts';
import { defaultLimits, readArchive, readContent } from './zip/read.ts';

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
  const entries = readArchive(zip, { ...defaultLimits, ...limits });
  const files = entries.filter(entry => entry.kind === 'file');
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  promise('files', expect.files, files.length);
  promise('bytes', expect.bytes, bytes);
  const target = resolve(into);
  refuseUsed(target);
  fs.mkdirSync(dirname(target), { recursive: true });
  const work = fs.mkdtempSync(join(dirname(target), workPrefix));
  try {
    const root = join(work, 'tree');
    fs.mkdirSync(root, 0o755);
    // A strict umask takes bits away from every mode that open and mkdir are given; only then is chmod worth a call.
    const masked = (fs.statSync(root).mode & 0o777) !== 0o755;
    if (masked) fs.chmodSync(root, 0o755);
    const sums = writeAll(zip, entries, root, masked);
    const tree = treeOfSorted(treeFiles(entries, sums, expect.marker));
    promise('tree', expect.tree, tree);
    moveInto(root, target);
    return { files: files.length, folders: entries.length - files.length, bytes, tree };
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** 32 bytes for each entry: as text in an object for each they would make V8's young generation grow by megabytes. */
const sumBytes = 32;

/** Writes all and returns the SHA-256 of each file, at the place of its entry. */
function writeAll(zip: Buffer, entries: readonly ZipEntry[], root: string, masked: boolean): Buffer {
  const sums = Buffer.alloc(entries.length * sumBytes);
  const made = new Set<string>(['']);
  for (const [index, entry] of entries.entries()) {
    const folder = entry.kind === 'folder' ? entry.path : parentOf(entry.path);
    if (!made.has(folder)) makeFolder(root, folder, made, masked);
    if (entry.kind === 'folder') continue;
    sums.write(writeFile(zip, entry, `${root}/${entry.path}`, masked), index * sumBytes, 'hex');
  }
  return sums;
}

function* treeFiles(
  entries: readonly ZipEntry[],
  sums: Buffer,
  marker: string | undefined,
): Generator<TreeFile> {
  const pathAt = (index: number) => entries[index]?.path ?? '';
  const order = [...entries.keys()].sort((a, b) => compareBytes(pathAt(a), pathAt(b)));
  for (const index of order) {
    const entry = entries[index];
    if (entry?.kind !== 'file' || isMarker(entry.path, marker)) continue;
    const at = index * sumBytes;
    yield { path: entry.path, mode: entry.mode, sha256: sums.toString('hex', at, at + sumBytes) };
  }
}

function makeFolder(root: string, path: string, made: Set<string>, masked: boolean): void {
  const parent = parentOf(path);
  if (!made.has(parent)) makeFolder(root, parent, made, masked);
  fs.mkdirSync(`${root}/${path}`, 0o755);
  if (masked) fs.chmodSync(`${root}/${path}`, 0o755);
  made.add(path);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

const createOnly = fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY;

/** Creates the file (O_EXCL never follows: whatever waits at the name is an error) and returns its SHA-256. */
function writeFile(zip: Buffer, entry: ZipEntry, path: string, masked: boolean): string {
  const file = fs.openSync(path, createOnly, entry.mode);
  try {
    if (masked) fs.fchmodSync(file, entry.mode);
    let sha256: string | undefined;
    let long: Hash | undefined;
    readContent(zip, entry, piece => {
      for (let at = 0; at < piece.length; ) at += fs.writeSync(file, piece, at);
      // One call is faster than an object with three; only files larger than the window come in several pieces.
      if (piece.length === entry.size) sha256 = hash('sha256', piece);
      else long = (long ?? createHash('sha256')).update(piece);
    });
    return sha256 ?? long?.digest('hex') ?? emptyHash;
  } finally {
    fs.closeSync(file);
  }
}

const emptyHash = hash('sha256', '');

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
