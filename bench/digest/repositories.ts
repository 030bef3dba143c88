/** Two repositories made of this project's own packages: real texts, and binary files that nothing compresses. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { tarOf } from '../../test/src/helpers/tar.ts';

export interface Repository {
  readonly name: '10 MB' | '50 MB';
  /** The files on disk, as a checkout has them. */
  readonly folder: string;
  /** The same files as GitHub sends them. */
  readonly archive: Buffer;
  readonly files: number;
  readonly list: readonly File[];
  readonly textBytes: number;
}

export interface File {
  readonly path: string;
  readonly content: Buffer;
}

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const extensions = new Set([
  '.js',
  '.mjs',
  '.cjs',
  '.ts',
  '.mts',
  '.cts',
  '.md',
  '.json',
  '.css',
  '.html',
  '.yml',
]);
/** Bytes: smaller ones are mostly re-exports, larger ones mostly bundles. */
const [smallest, largest] = [1_000, 300_000];
const binaryBytes = 250_000;

/** Writes both below `folder`. */
export function makeRepositories(folder: string): readonly Repository[] {
  const texts = listTexts();
  return [
    make('10 MB', [...take(texts, 49_000_000)], folder),
    make('50 MB', [...take(texts, 84_000_000), ...binaries(128)], folder),
  ];
}

function make(name: Repository['name'], given: readonly File[], parent: string): Repository {
  // As git lists them.
  const files = given.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const folder = join(parent, name.replace(' ', '-'));
  for (const { path, content } of files) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const textBytes = files.reduce(
    (sum, { path, content }) => sum + (path.endsWith('.bin') ? 0 : content.length),
    0,
  );
  return { name, folder, archive: gzipSync(tarOf(files)), files: files.length, list: files, textBytes };
}

/** Under other names than node_modules and dist, which every tool of this kind leaves out by itself. */
function listTexts(): readonly { readonly from: string; readonly path: string }[] {
  return readdirSync(modules, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && extensions.has(extname(entry.name)))
    .map(entry => join(entry.parentPath, entry.name))
    .filter(from => !from.includes('/.') && isOrdinary(lstatSync(from).size))
    .sort()
    .map(from => ({ from, path: from.slice(modules.length + 1).replaceAll('node_modules', 'packages') }));
}

function isOrdinary(size: number): boolean {
  return size >= smallest && size <= largest;
}

/** Every n-th text, so that many packages are among them, until there are `bytes` of them. */
function* take(
  texts: readonly { readonly from: string; readonly path: string }[],
  bytes: number,
): Generator<File> {
  const step = 7;
  let taken = 0;
  for (let start = 0; start < step; start++) {
    for (let index = start; index < texts.length; index += step) {
      const { from, path } = texts[index] as { from: string; path: string };
      const content = readFileSync(from);
      if (content.includes(0)) continue;
      yield { path, content };
      taken += content.length;
      if (taken >= bytes) return;
    }
  }
}

function binaries(count: number): File[] {
  return Array.from({ length: count }, (_, i) => ({ path: `images/${i}.bin`, content: noise(i) }));
}

/** The same bytes in every run. */
function noise(seed: number): Buffer {
  const blocks = Array.from({ length: binaryBytes / 64 }, (_, i) =>
    createHash('sha512').update(`${seed} ${i}`).digest(),
  );
  return Buffer.concat([Buffer.alloc(1), ...blocks]);
}
