/** Profile `strict`: the whole archive checked in memory before anything is written. For artifacts. */
import { pathRegister } from './collisions.ts';
import { zipFault } from './fault.ts';
import type { ArchiveLimits } from './limits.ts';
import { sizeMeter } from './limits.ts';
import { faultOfPath } from './name.ts';
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
  const claim = pathRegister();
  const measure = sizeMeter(limits, zip.length);
  walkArchive(zip, limits.maxEntries, ({ path, rawName, kind, ...entry }, index) => {
    const place = { entry: index, name: rawName };
    const fault = typeof path === 'string' ? faultOfPath(path) : path;
    if (fault) throw zipFault(fault.code, 'name', fault.expected, fault.found, place);
    if (kind === 'link')
      throw zipFault('ZIP_MODE', 'symbolic link', 'a plain file or folder', 'a link', place);
    const checked: ZipEntry = { path: path as string, kind, ...entry };
    claim(checked.path, kind, index);
    measure(checked.size, checked.packed);
    entries.push(checked);
  });
  if (!entries.some(entry => entry.kind === 'file')) {
    throw zipFault('ZIP_EMPTY', 'the archive has no files', 'at least one', `${entries.length} folders`);
  }
  return entries;
}
