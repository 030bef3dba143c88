/** The two identities of an artifact: `digest` of the zip's bytes, `tree` of the files inside. */
import { createHash } from 'node:crypto';

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** One file as the tree digest sees it. `mode` is 0o644 or 0o755: nothing else survives a zip of ours. */
export interface TreeFile {
  /** Path inside the zip, `/`-separated, e.g. `nodejs/node_modules/koa/package.json`. */
  readonly path: string;
  readonly mode: number;
  /** SHA-256 of the content, lower-case hexadecimal. */
  readonly sha256: string;
}

const pattern = /^sha256:[0-9a-f]{64}$/;

/** True for the text of a digest in its one accepted spelling. */
export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && pattern.test(value);
}

/** Digest of bytes in memory. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${sha256Hex(bytes)}`;
}

/** SHA-256 as lower-case hexadecimal. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The 64 hexadecimal digits of a digest: what names use, because `:` is not safe in a path. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/**
 * Tree digest: SHA-256 over one line a file, sorted by the bytes of the path.
 * A line is `<mode in octal> <sha256 of the content> <path>\n`; the path comes last because it alone
 * may hold spaces, and a line feed in a path is refused by every reader and writer of ours.
 */
export function treeOf(files: Iterable<TreeFile>): Digest {
  return treeOfSorted([...files].sort((a, b) => compareBytes(a.path, b.path)));
}

/** The same of files that come in this order already: one at a time, none is kept. */
export function treeOfSorted(files: Iterable<TreeFile>): Digest {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.mode.toString(8)} ${file.sha256} ${file.path}\n`);
  return `sha256:${hash.digest('hex')}`;
}

/**
 * Order of the UTF-8 bytes. JavaScript's own order is that of UTF-16 units and differs in one place: surrogates
 * (U+10000 and up) come before U+E000 to U+FFFF there. Moving them behind gives the bytes' order without encoding.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return byteRank(x) - byteRank(y);
  }
  return a.length - b.length;
}

function byteRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
