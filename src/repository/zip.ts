/**
 * Reads the zip archives of hosts that offer no tar, with the loader's own reader for strangers' archives: every header
 * is checked before anything is unpacked. A zip is read from its end, so all of it must be in memory first.
 */
import { readUntrusted, type UntrustedArchive } from '../../handler/zip/untrusted.ts';
import { HttpError } from '../http/errors.ts';
import { type ArchiveLimits, hostile, overLimit, ratioFrom } from './limits.ts';
import type { TakeEntry } from './tar.ts';

/** Walks all files and links. Throws `HttpError` 413 over a limit, 422 for whatever no honest program writes. */
export async function readZip(zip: Buffer, limits: ArchiveLimits, take: TakeEntry): Promise<void> {
  const { files, links } = checked(zip, limits);
  const unpacked = files.reduce((sum, file) => sum + file.size, 0);
  if (unpacked > ratioFrom && unpacked > zip.length * limits.ratio) throw overLimit(limits, 'ratio');
  for (const { path, size, content } of files) {
    let left: Buffer | undefined;
    await take({ path, kind: 'file', size }, async (into, at, most) => {
      left ??= refusing(content);
      const taken = left.copy(into, at, 0, most);
      left = left.subarray(taken);
      return taken;
    });
  }
  for (const path of links) await take({ path, kind: 'link', size: 0 }, async () => 0);
}

function checked(zip: Buffer, limits: ArchiveLimits): UntrustedArchive {
  return refusing(() =>
    readUntrusted(zip, {
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
