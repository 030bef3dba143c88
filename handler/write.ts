/** R5: writes the entries of a checked archive: one thread alone, or two, each taking what no other has taken. */
import type { Hash } from 'node:crypto';
import { createHash, hash } from 'node:crypto';
import * as fs from 'node:fs';
import type { ZipEntry } from './zip/read.ts';
import { readContent } from './zip/read.ts';
import type { EntryTable } from './zip/table.ts';
import { entryAt } from './zip/table.ts';

/** All that the threads need; what they change is in shared memory. */
export interface WriteJob {
  readonly zip: Buffer;
  readonly table: EntryTable;
  /** The folder to write into, which is there. */
  readonly root: string;
  /** A strict umask takes bits away from every mode that open and mkdir are given. */
  readonly masked: boolean;
  /** `sumBytes` for each entry: the SHA-256 of the file. As texts they would make V8's young generation grow. */
  readonly sums: Buffer;
  /** Entries taken, entries written, threads at work. */
  readonly state: Int32Array;
}

export const sumBytes = 32;
const taken = 0;
const written = 1;
const atWork = 2;
/** Entries that a thread takes at once: neighbours, so that two threads seldom meet in one folder. */
const stretch = 32;

export function jobOf(zip: Buffer, table: EntryTable, root: string, masked: boolean): WriteJob {
  const sums = Buffer.from(new SharedArrayBuffer(table.length * sumBytes));
  return { zip, table, root, masked, sums, state: new Int32Array(new SharedArrayBuffer(12)) };
}

/** Writes until no entry is left to take. Throws `ZIP_DATA` and what the file system throws. */
export function writeEntries(job: WriteJob): void {
  const { table, state } = job;
  const made = new Set(['']);
  Atomics.add(state, atWork, 1);
  try {
    for (;;) {
      const from = Atomics.add(state, taken, stretch);
      const to = Math.min(from + stretch, table.length);
      if (from >= to) return;
      for (let index = from; index < to; index++) writeEntry(job, index, made);
      Atomics.add(state, written, to - from);
    }
  } finally {
    Atomics.sub(state, atWork, 1);
    Atomics.notify(state, atWork);
  }
}

/**
 * Takes what is left, so that another thread stops at the end of its stretch, and waits for that.
 * True when every entry is written and nobody is at work any more.
 */
export function settle({ table, state }: WriteJob, patienceMs: number): boolean {
  Atomics.store(state, taken, table.length);
  return (
    (Atomics.load(state, atWork) === 0 || Atomics.wait(state, atWork, 1, patienceMs) !== 'timed-out') &&
    Atomics.load(state, written) === table.length
  );
}

function writeEntry(job: WriteJob, index: number, made: Set<string>): void {
  const entry = entryAt(job.table, index);
  const folder = entry.kind === 'folder' ? entry.path : parentOf(entry.path);
  if (!made.has(folder)) makeFolder(job, folder, made);
  if (entry.kind === 'file') job.sums.write(writeFile(job, entry), index * sumBytes, 'hex');
}

function makeFolder(job: WriteJob, path: string, made: Set<string>): void {
  const parent = parentOf(path);
  if (!made.has(parent)) makeFolder(job, parent, made);
  const full = `${job.root}/${path}`;
  try {
    fs.mkdirSync(full, 0o755);
    if (job.masked) fs.chmodSync(full, 0o755);
  } catch (error) {
    // the other thread was faster
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  made.add(path);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

const createOnly = fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY;

/** Creates the file (O_EXCL never follows: whatever waits at the name is an error) and returns its SHA-256. */
function writeFile({ zip, root, masked }: WriteJob, entry: ZipEntry): string {
  const file = fs.openSync(`${root}/${entry.path}`, createOnly, entry.mode);
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
