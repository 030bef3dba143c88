/**
 * Profile `untrusted-read`: archives that strangers send, such as the zip of a GitHub repository, read in memory only.
 * The header rules are those of `strict`; what differs is that links are listed, names that differ in case are
 * two files, and the caps are lower. Nothing here touches a disk.
 */
import { pathRegister } from './collisions.ts';
import { contentOf } from './content.ts';
import { readComment } from './end.ts';
import { zipFault } from './fault.ts';
import type { ArchiveLimits } from './limits.ts';
import { sizeMeter } from './limits.ts';
import { walkArchive } from './walk.ts';

export interface UntrustedLimits extends ArchiveLimits {
  /** Bytes of the archive itself. */
  readonly maxZipBytes: number;
}

export interface UntrustedFile {
  readonly path: string;
  /** Bytes after unpacking. */
  readonly size: number;
  /** Unpacks the file, each time anew. Throws `ZIP_DATA`. */
  readonly content: () => Buffer;
}

export interface UntrustedArchive {
  readonly files: readonly UntrustedFile[];
  /** Paths of symbolic links, which are never followed. */
  readonly links: readonly string[];
  /** The archive's comment, printable ASCII; GitHub puts the commit id there. */
  readonly comment: string;
}

export const untrustedLimits: UntrustedLimits = {
  maxZipBytes: 50_000_000,
  maxTotalBytes: 200_000_000,
  maxEntries: 20_000,
  maxEntryBytes: 5_000_000,
  maxRatio: 200,
};

/**
 * Checks every header of the archive and lists its files. Nothing is unpacked until a file's `content` is asked for.
 *
 * Throws `HandlerError` with a code `ZIP_*`; `ZIP_LIMIT` is the caller's 413, every other code its 422.
 */
export function readUntrusted(zip: Buffer, limits: Partial<UntrustedLimits> = {}): UntrustedArchive {
  const caps = { ...untrustedLimits, ...limits };
  if (zip.length > caps.maxZipBytes) {
    throw zipFault(
      'ZIP_LIMIT',
      'the archive is too large',
      `at most ${caps.maxZipBytes} bytes`,
      `${zip.length}`,
    );
  }
  const files: UntrustedFile[] = [];
  const paths: string[] = [];
  const claim = pathRegister(
    path => path,
    caps.maxEntries,
    index => paths[index] ?? '',
  );
  const measure = sizeMeter(caps, zip.length);
  const links: string[] = [];
  walkArchive(zip, caps.maxEntries, () => entry => {
    const { path, kind, size, packed } = entry;
    claim(path, kind === 'folder' ? 'folder' : 'file');
    paths.push(path);
    measure(size, packed);
    if (kind === 'link') links.push(path);
    if (kind === 'file') files.push({ path, size, content: () => contentOf(zip, entry) });
  });
  return { files, links, comment: readComment(zip) };
}
