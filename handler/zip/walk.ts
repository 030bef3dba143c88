/** Walks the whole archive once: every byte of it belongs to exactly one record, and each entry is told twice. */
import type { Directory } from './end.ts';
import { readDirectory } from './end.ts';
import { atEntry, zipFault } from './fault.ts';
import type { CentralHeader } from './headers.ts';
import { checkDescriptor, checkLocal, flag, readCentral, readName } from './headers.ts';
import type { Kind } from './kind.ts';
import { readKind, readMode } from './kind.ts';
import { readPath } from './name.ts';

/** An entry whose headers agree; its content is not looked at yet. */
export interface WalkedEntry {
  /** Relative, `/`-separated, without a slash at the end. */
  readonly path: string;
  readonly kind: Kind;
  /** Of a file; folders get 0755. */
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

/** A central header without a name: what an entry costs at least. */
const centralFloor = 46;

/**
 * Calls what `open` answers for each entry in the order of the central directory, which must be the order of the data too:
 * local headers start at byte 0, each where the one before ended, and the last ends where the directory starts.
 * Nothing is allocated from a count that the bytes do not bear out: `open` is called when it is known that they do.
 *
 * Throws `ZIP_LIMIT` for more than `maxEntries`, and the codes of end, headers, extra fields, kind and name. Errors, those
 * of the visit too, get the index and the name of the entry.
 */
export function walkArchive(
  zip: Buffer,
  maxEntries: number,
  open: (directory: Directory) => (entry: WalkedEntry) => void,
): void {
  const directory = readDirectory(zip);
  if (directory.entries > maxEntries) {
    throw zipFault('ZIP_LIMIT', 'too many entries', `at most ${maxEntries}`, `${directory.entries}`);
  }
  if (directory.entries * centralFloor > directory.end - directory.start) {
    const found = `${directory.entries} in ${directory.end - directory.start} bytes`;
    throw zipFault('ZIP_LAYOUT', 'number of entries', 'as many as the directory holds', found);
  }
  const visit = open(directory);
  let at = directory.start;
  let next = 0;
  for (let index = 0; index < directory.entries; index++) {
    const name = readName(zip, at);
    try {
      const central = readCentral(zip, at, directory.end, name);
      const start = checkData(zip, next, directory.start, central);
      visit(describe(central, start));
      at = central.end;
      next = start + central.extra.packed;
      if (central.flags & flag.descriptor) next = checkDescriptor(zip, next, directory.start, central);
    } catch (error) {
      throw atEntry(error, index, name);
    }
  }
  if (at !== directory.end) {
    const found = `${directory.end - at} bytes more`;
    throw zipFault('ZIP_LAYOUT', 'central directory', `${directory.entries} entries`, found);
  }
  if (next !== directory.start) {
    const found = `${directory.start - next} bytes that no entry owns`;
    throw zipFault('ZIP_LAYOUT', 'space before the central directory', 'none', found);
  }
}

function checkData(zip: Buffer, next: number, limit: number, central: CentralHeader): number {
  const { offset, packed } = central.extra;
  if (offset !== next)
    throw zipFault('ZIP_LAYOUT', 'gap or overlap', `data from offset ${next}`, `${offset}`);
  const start = checkLocal(zip, next, limit, central);
  if (start + packed > limit) {
    throw zipFault('ZIP_LAYOUT', 'packed size', `at most ${limit - start} bytes`, `${packed}`);
  }
  return start;
}

function describe(central: CentralHeader, start: number): WalkedEntry {
  const { name, extra, madeBy, attributes } = central;
  const kind = readKind(madeBy, attributes, name.endsWith('/'));
  if (kind === 'folder' && (extra.size !== 0 || extra.packed !== 0 || central.crc32 !== 0)) {
    throw zipFault('ZIP_MISMATCH', 'folder with content', '0 bytes', `${extra.packed}`);
  }
  return {
    path: readPath(name, (central.flags & flag.utf8) !== 0, extra.unicodePath),
    kind,
    mode: readMode(madeBy, attributes),
    size: extra.size,
    crc32: central.crc32,
    method: central.method === 0 ? 0 : 8,
    start,
    packed: extra.packed,
  };
}
