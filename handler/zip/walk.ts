/** Walks the whole archive once: every byte of it belongs to exactly one record, and each entry is told twice. */
import { readDirectory } from './end.ts';
import { zipFault } from './fault.ts';
import type { CentralHeader } from './headers.ts';
import { checkDescriptor, checkLocal, flag, readCentral } from './headers.ts';
import type { Kind } from './kind.ts';
import { readKind } from './kind.ts';
import type { NameFault } from './name.ts';
import { decodeName } from './name.ts';

/** An entry whose headers agree; its name and its content are not judged yet. */
export interface WalkedEntry {
  /** Path without the slash that ends a folder's name, or why the bytes are no path. */
  readonly path: string | NameFault;
  readonly rawName: Buffer;
  readonly kind: Kind;
  readonly mode: 0o644 | 0o755;
  readonly method: 0 | 8;
  readonly start: number;
  readonly packed: number;
  readonly size: number;
  readonly crc32: number;
}

/** Smallest central header and local header: what an entry costs at least. */
const centralFloor = 46;

/**
 * Calls `visit` for each entry in the order of the central directory, which must be the order of the data too:
 * local headers start at byte 0, each where the one before ended, and the last ends where the directory starts.
 * Nothing is allocated from a count that the bytes do not bear out.
 *
 * Throws `ZIP_LIMIT` for more than `maxEntries`, and the codes of end, headers, extra fields and kind.
 */
export function walkArchive(
  zip: Buffer,
  maxEntries: number,
  visit: (entry: WalkedEntry, index: number) => void,
): void {
  const directory = readDirectory(zip);
  if (directory.entries > maxEntries) {
    throw zipFault('ZIP_LIMIT', 'too many entries', `at most ${maxEntries}`, `${directory.entries}`);
  }
  if (directory.entries * centralFloor > directory.end - directory.start) {
    const found = `${directory.entries} in ${directory.end - directory.start} bytes`;
    throw zipFault('ZIP_LAYOUT', 'number of entries', 'as many as the directory holds', found);
  }
  let at = directory.start;
  let next = 0;
  for (let index = 0; index < directory.entries; index++) {
    const central = readCentral(zip, at, directory.end, index);
    at = central.end;
    const start = checkPlace(zip, next, directory.start, central, index);
    next = start + central.extra.packed;
    if (central.flags & flag.descriptor) {
      next = checkDescriptor(zip, next, directory.start, central, index);
    }
    visit(describe(central, start, index), index);
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

function checkPlace(zip: Buffer, next: number, limit: number, central: CentralHeader, index: number): number {
  const place = { entry: index, name: central.name };
  if (central.extra.offset !== next) {
    throw zipFault(
      'ZIP_LAYOUT',
      'gap or overlap',
      `data from offset ${next}`,
      `${central.extra.offset}`,
      place,
    );
  }
  const start = checkLocal(zip, next, limit, central, index);
  if (start + central.extra.packed > limit) {
    const found = `${central.extra.packed}`;
    throw zipFault('ZIP_LAYOUT', 'packed size', `at most ${limit - start} bytes`, found, place);
  }
  return start;
}

function describe(central: CentralHeader, start: number, index: number): WalkedEntry {
  const { name, extra } = central;
  const place = { entry: index, name };
  const slash = name[name.length - 1] === 0x2f;
  const path = decodeName(name, (central.flags & flag.utf8) !== 0, extra.unicodePath);
  const { kind, mode } = readKind(central.madeBy, central.attributes, slash, place);
  if (kind === 'folder' && (extra.size !== 0 || extra.packed !== 0 || central.crc32 !== 0)) {
    throw zipFault('ZIP_MISMATCH', 'folder with content', '0 bytes', `${extra.packed}`, place);
  }
  return {
    path: typeof path === 'string' && slash ? path.slice(0, -1) : path,
    rawName: name,
    kind,
    mode,
    method: central.method === 0 ? 0 : 8,
    start,
    packed: extra.packed,
    size: extra.size,
    crc32: central.crc32,
  };
}
