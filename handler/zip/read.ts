/** Profile `strict`: the whole archive checked in memory before anything is written. For artifacts. */
import { foldPath, pathRegister } from './collisions.ts';
import { zipFault } from './fault.ts';
import type { ArchiveLimits } from './limits.ts';
import { sizeMeter } from './limits.ts';
import { checkPath } from './name.ts';
import { walkArchive } from './walk.ts';

export { contentOf, readContent } from './content.ts';
export type { ArchiveLimits } from './limits.ts';
export { defaultLimits } from './limits.ts';

/** One file or folder of a checked archive. */
export interface ZipEntry {
  /** Relative, `/`-separated, without a slash at the end. */
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly mode: 0o644 | 0o755;
  /** Bytes after unpacking. */
  readonly size: number;
  readonly crc32: number;
  readonly method: 0 | 8;
  /** Offset of the packed bytes in the zip. */
  readonly start: number;
  /** Packed bytes. */
  readonly packed: number;
}

/**
 * Checks every header of the archive against the rules of docs/security.md and lists its entries in their order.
 * Pure: no file is touched and no content is unpacked.
 *
 * Throws `HandlerError` with a code `ZIP_*`.
 */
export function readArchive(zip: Buffer, limits: ArchiveLimits): readonly ZipEntry[] {
  const entries: ZipEntry[] = [];
  const claim = pathRegister(foldPath, limits.maxEntries);
  const measure = sizeMeter(limits, zip.length);
  let files = 0;
  walkArchive(zip, limits.maxEntries, entry => {
    const { kind, mode, size, crc32, method, start, packed } = entry;
    const path = checkPath(entry.path);
    if (kind === 'link') throw zipFault('ZIP_MODE', 'symbolic link', 'a plain file or folder', 'a link');
    claim(path, kind);
    measure(size, packed);
    if (kind === 'file') files++;
    entries.push({ path, kind, mode, size, crc32, method, start, packed });
  });
  if (files === 0) throw zipFault('ZIP_EMPTY', 'the archive has no files', 'at least one', '0');
  return entries;
}
