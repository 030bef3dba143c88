/** Profile `strict`: the whole archive checked in memory before anything is written. For artifacts. */
import { foldPath, pathRegister } from './collisions.ts';
import type { Directory } from './end.ts';
import { zipFault } from './fault.ts';
import type { ArchiveLimits } from './limits.ts';
import { sizeMeter } from './limits.ts';
import type { WalkedEntry } from './walk.ts';
import { walkArchive } from './walk.ts';

export { contentOf, readContent } from './content.ts';
export type { ArchiveLimits } from './limits.ts';
export { defaultLimits } from './limits.ts';

/** One file or folder of a checked archive. */
export interface ZipEntry extends WalkedEntry {
  readonly kind: 'file' | 'folder';
}

/**
 * Checks every header of the archive against the rules of docs/security.md and lists its entries in their order.
 * Pure: no file is touched and no content is unpacked.
 *
 * Throws `HandlerError` with a code `ZIP_*`.
 */
export function readArchive(zip: Buffer, limits: ArchiveLimits): readonly ZipEntry[] {
  const entries: ZipEntry[] = [];
  visitArchive(zip, limits, () => ({
    add: entry => entries.push(entry),
    pathAt: index => entries[index]?.path ?? '',
  }));
  return entries;
}

/** Where the entries of an archive go as they are read. */
export interface EntryList {
  add(entry: ZipEntry): void;
  /** The path of an entry added before, by its number. */
  pathAt(index: number): string;
}

/** The same for a list that is made once the number of entries is known to be possible. */
export function visitArchive(
  zip: Buffer,
  limits: ArchiveLimits,
  open: (directory: Directory) => EntryList,
): void {
  const measure = sizeMeter(limits, zip.length);
  let files = 0;
  walkArchive(zip, limits.maxEntries, directory => {
    const { add, pathAt } = open(directory);
    const claim = pathRegister(foldPath, limits.maxEntries, pathAt);
    return entry => {
      if (!isPlain(entry)) throw zipFault('ZIP_MODE', 'symbolic link', 'a plain file or folder', 'a link');
      claim(entry.path, entry.kind);
      measure(entry.size, entry.packed);
      if (entry.kind === 'file') files++;
      add(entry);
    };
  });
  if (files === 0) throw zipFault('ZIP_EMPTY', 'the archive has no files', 'at least one', '0');
}

function isPlain(entry: WalkedEntry): entry is ZipEntry {
  return entry.kind !== 'link';
}
