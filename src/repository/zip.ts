/**
 * Reads the zip archives of hosts that offer no tar, with the strict reader that the handler lends its app: every header
 * is checked before anything is unpacked. A zip is read from its end, so all of it must be in memory first.
 */
import { setImmediate } from 'node:timers/promises';
import { passedBy } from '../garbage.ts';
import { HttpError } from '../http/errors.ts';
import { type ArchiveLimits, hostile, overLimit, ratioFrom } from './limits.ts';
import { release } from './release.ts';
import type { TakeEntry } from './tar.ts';

/** What the handler lends: its profile for strangers' archives. Throws errors with a code `ZIP_*`. */
export type ReadZip = (
  zip: Buffer,
  limits: {
    readonly maxZipBytes: number;
    readonly maxTotalBytes: number;
    readonly maxEntries: number;
    readonly maxEntryBytes: number;
    readonly maxRatio: number;
  },
) => ZipContent;

interface ZipContent {
  readonly files: readonly { readonly path: string; readonly size: number; readonly content: () => Buffer }[];
  /** Paths of symbolic links. */
  readonly links: readonly string[];
}

/** Bytes that are unpacked before others get their turn: requests, time-outs, and the collection of garbage. */
const breath = 1024 * 1024;

/** Loads the reader when the first zip comes. */
export type LoadReadZip = () => Promise<ReadZip>;

/** Walks all files and links. Throws `HttpError` 413 over a limit, 422 for whatever no honest program writes. */
export async function walkZip(
  read: ReadZip,
  zip: Buffer,
  limits: ArchiveLimits,
  take: TakeEntry,
): Promise<void> {
  const { files, links } = checked(read, zip, limits);
  const unpacked = files.reduce((sum, file) => sum + file.size, 0);
  if (unpacked > ratioFrom && unpacked > zip.length * limits.ratio) throw overLimit(limits, 'ratio');
  let since = 0;
  for (const { path, size, content } of files) {
    let whole: Buffer | undefined;
    let read = 0;
    await take({ path, kind: 'file', size }, async (into, at, most) => {
      whole ??= refusing(content);
      const taken = whole.copy(into, at, read, read + most);
      read += taken;
      return taken;
    });
    // What is stored as it is, is a part of the zip.
    if (whole) release(whole, whole.length);
    since += size;
    if (since < breath) continue;
    passedBy(since);
    since = 0;
    await setImmediate();
  }
  for (const path of links) await take({ path, kind: 'link', size: 0 }, async () => 0);
}

function checked(read: ReadZip, zip: Buffer, limits: ArchiveLimits): ZipContent {
  return refusing(() =>
    read(zip, {
      maxZipBytes: limits.downloadBytes,
      maxTotalBytes: limits.unpackedBytes,
      maxEntries: limits.entries,
      // Larger files are listed without being unpacked, and the ratio counts for all files together, as in a tar.
      maxEntryBytes: limits.unpackedBytes,
      maxRatio: Number.POSITIVE_INFINITY,
    }),
  );
}

/** The reader's codes as statuses. */
function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: string };
    if (code === 'ZIP_LIMIT') {
      throw new HttpError(
        413,
        `The repository is over a limit: ${message}; choose a smaller repository or ref`,
      );
    }
    if (typeof code === 'string' && code.startsWith('ZIP_')) throw hostile(String(message));
    throw error;
  }
}
