/** Writes tar archives as `git archive` does, and as nobody should. Independent of the reader under test. */
import { gzipSync } from 'node:zlib';

export interface TarFile {
  readonly path: string;
  readonly content?: Buffer | string;
  /** `0` file, `5` folder, `2` symbolic link … @default by the path: a folder ends with a slash */
  readonly type?: string;
  readonly link?: string;
  /** What the header claims. */
  readonly size?: number;
}

export interface TarOptions {
  readonly top?: string;
  readonly commit?: string;
  readonly end?: boolean;
}

/** The archive of a commit below one top folder, gzip-compressed. */
export function archiveOf(files: readonly TarFile[], options: TarOptions = {}): Buffer {
  return gzipSync(tarOf(files, options), { level: 1 });
}

export function tarOf(files: readonly TarFile[], options: TarOptions = {}): Buffer {
  const { top = 'acme-sample-0123abc/', commit = '0'.repeat(40), end = true } = options;
  const comment = `52 comment=${commit}\n`;
  const parts = [
    header({ path: 'pax_global_header', type: 'g', content: comment }),
    padded(Buffer.from(comment)),
  ];
  if (top !== '') parts.push(header({ path: top }));
  for (const file of files) parts.push(...entry({ ...file, path: top + file.path }));
  if (end) parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}

function entry(file: TarFile): Buffer[] {
  const content = Buffer.from(file.content ?? '');
  const long = Buffer.byteLength(file.path) > 100;
  const pax = paxRecord('path', file.path);
  // Of the whole path: what is cut off at a slash is no folder.
  const type = file.type ?? (file.path.endsWith('/') ? '5' : '0');
  const before = long
    ? [header({ path: `${file.path.slice(0, 80)}.data`, type: 'x', content: pax }), padded(pax)]
    : [];
  return [
    ...before,
    header({ ...file, type, path: long ? file.path.slice(0, 80) : file.path, content }),
    padded(content),
  ];
}

export function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (length !== Buffer.byteLength(rest) + String(length).length)
    length = Buffer.byteLength(rest) + String(length).length;
  return Buffer.from(`${length}${rest}`);
}

export function header(file: TarFile): Buffer {
  const block = Buffer.alloc(512);
  const type = file.type ?? (file.path.endsWith('/') ? '5' : '0');
  const size = file.size ?? Buffer.byteLength(file.content ?? '');
  block.write(file.path, 0, 100);
  block.write('000644 \0', 100);
  block.write(`${size.toString(8).padStart(11, '0')} `, 124);
  block.write('14536251743 ', 136);
  block.write(type, 156);
  block.write(file.link ?? '', 157, 100);
  block.write('ustar\u000000', 257);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
