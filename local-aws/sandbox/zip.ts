/** Reads any ordinary zip, as Lambda does, and writes its files below one folder and nowhere else. */
import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, inflateRawSync } from 'node:zlib';

/** One file, folder or link of a zip. `mode` is Unix's, file type included; 0 when the zip came from elsewhere. */
export interface ZipEntry {
  readonly name: string;
  readonly mode: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly offset: number;
}

/** Thrown for bytes that are no zip, or a zip that reaches outside its folder. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

const typeMask = 0o170000;
const folderType = 0o040000;
const linkType = 0o120000;

/** The entries of a zip in the order of its central directory. Throws `ZipError`. */
export function readEntries(zip: Buffer): ZipEntry[] {
  try {
    return centralDirectory(zip);
  } catch (error) {
    throw error instanceof RangeError ? new ZipError('the zip is cut short') : error;
  }
}

/** Bytes of all files after unpacking, as the zip states them. */
export function unzippedSize(entries: readonly ZipEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.size, 0);
}

/**
 * Writes a zip's files into `folder`, over what is there, as one layer over another. Modes and links are kept.
 *
 * Links are made last and no file is written through one, so nothing lands outside `folder`.
 * Throws `ZipError` for names that climb out and for data that is not what its entry says.
 */
export async function unpackInto(zip: Buffer, folder: string): Promise<void> {
  const entries = readEntries(zip);
  const folders = new Set<string>([folder]);
  let pending = 0;
  for (const entry of [...entries.filter(e => !isLink(e)), ...entries.filter(isLink)]) {
    const path = join(folder, ...safeParts(entry.name));
    makeFolder(entry.name.endsWith('/') ? path : dirname(path), folder, folders);
    if (entry.name.endsWith('/')) continue;
    const data = readData(zip, entry);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      // Everything known below it goes with it, or a link in its place would be walked through.
      for (const known of folders) if (known === path || known.startsWith(`${path}/`)) folders.delete(known);
    }
    rmSync(path, { recursive: true, force: true });
    if (isLink(entry)) {
      symlinkSync(data.toString(), path);
      continue;
    }
    writeFileSync(path, data, { flag: 'wx' });
    chmodSync(path, entry.mode === 0 ? 0o644 : entry.mode & 0o777);
    // The server answers others between one megabyte and the next.
    pending += data.length;
    if (pending > 1 << 20) {
      pending = 0;
      await new Promise(setImmediate);
    }
  }
}

/** The content of one entry, checked against its size and CRC. Throws `ZipError`. */
export function readData(zip: Buffer, entry: ZipEntry): Buffer {
  if (entry.offset + 30 > zip.length || zip.readUInt32LE(entry.offset) !== 0x04034b50) {
    throw new ZipError('an entry of the zip has no local header');
  }
  const start = entry.offset + 30 + zip.readUInt16LE(entry.offset + 26) + zip.readUInt16LE(entry.offset + 28);
  const raw = zip.subarray(start, start + entry.compressedSize);
  const data = inflate(raw, entry);
  if (data.length !== entry.size || crc32(data) !== entry.crc) {
    throw new ZipError('an entry of the zip is damaged');
  }
  return data;
}

function inflate(raw: Buffer, entry: ZipEntry): Buffer {
  if (entry.method === 0) return raw;
  if (entry.method !== 8) throw new ZipError(`the zip uses compression method ${entry.method}`);
  try {
    return inflateRawSync(raw, { maxOutputLength: Math.max(entry.size, 1) });
  } catch (cause) {
    throw new ZipError('an entry of the zip does not inflate', { cause });
  }
}

function isLink(entry: ZipEntry): boolean {
  return (entry.mode & typeMask) === linkType;
}

function safeParts(name: string): string[] {
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (name.startsWith('/') || name.includes('\0') || name.includes('\\') || parts.includes('..')) {
    throw new ZipError('a name in the zip reaches outside its folder');
  }
  if (parts.length === 0 && !name.endsWith('/')) throw new ZipError('an entry of the zip has no name');
  return parts;
}

/** Makes a folder and those above it; a file or link of an earlier layer in its way is replaced, never followed. */
function makeFolder(path: string, root: string, known: Set<string>): void {
  if (known.has(path)) return;
  makeFolder(dirname(path), root, known);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) rmSync(path);
  if (!found?.isDirectory()) mkdirSync(path);
  chmodSync(path, 0o755);
  known.add(path);
}

function centralDirectory(zip: Buffer): ZipEntry[] {
  const { count, offset: start } = endRecord(zip);
  const entries: ZipEntry[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    if (zip.readUInt32LE(at) !== 0x02014b50) throw new ZipError("the zip's directory is damaged");
    const nameEnd = at + 46 + zip.readUInt16LE(at + 28);
    const extraEnd = nameEnd + zip.readUInt16LE(at + 30);
    const unix = zip.readUInt16LE(at + 4) >> 8 === 3;
    const mode = unix ? zip.readUInt32LE(at + 38) >>> 16 : 0;
    const name = zip.toString('utf8', at + 46, nameEnd);
    entries.push({
      name: (mode & typeMask) === folderType && !name.endsWith('/') ? `${name}/` : name,
      mode,
      method: zip.readUInt16LE(at + 10),
      crc: zip.readUInt32LE(at + 16),
      ...sizes(zip, at, zip.subarray(nameEnd, extraEnd)),
    });
    at = extraEnd + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** End of central directory, zip64's when the plain one overflows. APPNOTE 4.3.16, 4.3.14. */
function endRecord(zip: Buffer): { count: number; offset: number } {
  const from = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (from < 0 || from + 22 > zip.length) throw new ZipError('the bytes are no zip');
  const count = zip.readUInt16LE(from + 10);
  const offset = zip.readUInt32LE(from + 16);
  if (count !== 0xffff && offset !== 0xffffffff) return { count, offset };
  if (from < 20 || zip.readUInt32LE(from - 20) !== 0x07064b50) return { count, offset };
  const record = Number(zip.readBigUInt64LE(from - 12));
  return {
    count: Number(zip.readBigUInt64LE(record + 32)),
    offset: Number(zip.readBigUInt64LE(record + 48)),
  };
}

/** Sizes and offset, from the zip64 extra field (4.5.3) where the plain fields overflow. */
function sizes(zip: Buffer, at: number, extra: Buffer): Pick<ZipEntry, 'compressedSize' | 'size' | 'offset'> {
  const plain = [zip.readUInt32LE(at + 24), zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 42)];
  if (plain.includes(0xffffffff)) {
    let field = 0;
    while (field + 4 <= extra.length && extra.readUInt16LE(field) !== 1)
      field += 4 + extra.readUInt16LE(field + 2);
    let value = field + 4;
    for (const [index, number] of plain.entries()) {
      if (number !== 0xffffffff) continue;
      plain[index] = Number(extra.readBigUInt64LE(value));
      value += 8;
    }
  }
  const [size = 0, compressedSize = 0, offset = 0] = plain;
  return { size, compressedSize, offset };
}
