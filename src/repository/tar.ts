/**
 * Reads the tar archives that GitHub makes (`git archive`: ustar with pax headers), strictly and in one pass.
 * Packages for tar were weighed: tar-stream brings 1.5 MB of native code for another runtime, tar is made to write
 * disks, and none bounds what a pax header may make it hold in memory.
 * Format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
import type { ByteReader } from './bytes.ts';
import { hostile } from './limits.ts';

export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly size: number;
}

/** Writes the next bytes of an entry's content to `into` from `at` on, at most `size`. Returns how many. */
export type ReadContent = (into: Buffer, at: number, size: number) => Promise<number>;

/** Takes one entry. It may read from the content before it returns; what it leaves is passed over. */
export type TakeEntry = (entry: TarEntry, content: ReadContent) => Promise<void>;

const block = 512;
/** Bytes of one extended header; `git archive` writes a path or a link's target into it, or one commit id. */
const mostPax = 64 * 1024;

/** Walks all entries. Throws `HttpError` 422 for whatever `git archive` does not write. */
export async function readTar(reader: ByteReader, take: TakeEntry): Promise<void> {
  let pax: Readonly<Record<string, string>> = {};
  const header = Buffer.alloc(block);
  for (;;) {
    if ((await reader.read(header, 0, block)) < block) throw hostile('it ends before its end mark');
    if (isZero(header)) break;
    checkSum(header);
    const type = String.fromCharCode(header[156] ?? 0);
    const size = pax['size'] === undefined ? octal(header, 124, 12) : decimal(pax['size']);
    if (type === 'x' || type === 'g') {
      const fields = await readPax(reader, size);
      if (type === 'x') pax = fields;
      continue;
    }
    const entry = { path: pax['path'] ?? nameOf(header), kind: kindOf(type), size };
    pax = {};
    let left = entry.kind === 'file' ? size : 0;
    await take(entry, async (into, at, most) => {
      const wanted = Math.min(most, left);
      if ((await reader.read(into, at, wanted)) < wanted) throw hostile('a file ends too early');
      left -= wanted;
      return wanted;
    });
    const rest = left + (entry.kind === 'file' ? padding(size) : 0);
    if ((await reader.skip(rest)) < rest) throw hostile('a file ends too early');
  }
  // To the end, so that the checksum at the end of the gzip stream is looked at.
  await reader.skip(Number.POSITIVE_INFINITY);
}

function kindOf(type: string): TarEntry['kind'] {
  switch (type) {
    case '0':
    case '\0':
      return 'file';
    case '5':
      return 'folder';
    case '1':
    case '2':
      return 'link';
    default:
      throw hostile(`an entry of type ${JSON.stringify(type)}`);
  }
}

function nameOf(header: Buffer): string {
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(header, 345, 155) : '';
  const name = text(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Records `<length> <key>=<value>\n`; only the keys that matter are kept. */
async function readPax(reader: ByteReader, size: number): Promise<Record<string, string>> {
  if (size > mostPax) throw hostile(`an extended header of ${size} bytes`);
  const whole = Buffer.alloc(size);
  const bytes = whole.subarray(0, await reader.read(whole, 0, size));
  await reader.skip(padding(size));
  const fields: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space > at && space - at <= 6 ? decimal(bytes.toString('latin1', at, space)) : 0;
    const record = bytes.toString('utf8', space + 1, at + length);
    const equals = record.indexOf('=');
    if (length === 0 || at + length > bytes.length || !record.endsWith('\n') || equals < 1) {
      throw hostile('an extended header that cannot be read');
    }
    const key = record.slice(0, equals);
    if (key === 'path' || key === 'size') fields[key] = record.slice(equals + 1, -1);
    at += length;
  }
  return fields;
}

/** The sum of the header's bytes, its own field counted as blanks. */
function checkSum(header: Buffer): void {
  let sum = 0;
  for (let i = 0; i < block; i += 1) sum += i >= 148 && i < 156 ? 0x20 : (header[i] ?? 0);
  if (sum !== octal(header, 148, 8)) throw hostile('a header with a wrong checksum');
}

function text(header: Buffer, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

function octal(header: Buffer, from: number, length: number): number {
  const digits = /^ *([0-7]{1,11})[ \0]*$/.exec(header.toString('latin1', from, from + length))?.[1];
  if (digits === undefined) throw hostile('a header with a field that is no number');
  return Number.parseInt(digits, 8);
}

function decimal(digits: string): number {
  if (!/^[0-9]{1,15}$/.test(digits)) throw hostile('an extended header that cannot be read');
  return Number(digits);
}

function padding(size: number): number {
  return (block - (size % block)) % block;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every(byte => byte === 0);
}
