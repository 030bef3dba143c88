/** Two raw zips of this project's own node_modules: about 2,000 files and 10,000. */
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileOf } from '../../layer-builder/build/file.ts';
import { writeZip } from '../../layer-builder/build/zip.ts';

export interface ZipSet {
  readonly name: 'small' | 'heavy';
  readonly zip: string;
  readonly files: number;
  /** After unpacking. */ readonly bytes: number;
  readonly zipBytes: number;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Single executables (Node itself, compilers) would make it a benchmark of one file. */
const largestFile = 8_000_000;
const smallFiles = 2_300;
const heavyFiles = 10_000;

/** Writes both zips into `folder`. */
export async function makeSets(folder: string): Promise<readonly [ZipSet, ZipSet]> {
  const production = productionPackages().flatMap(filesOf);
  const everything = filesOf('node_modules');
  return [
    await makeSet('small', production.slice(0, smallFiles), folder),
    await makeSet('heavy', everything.slice(0, heavyFiles), folder),
  ];
}

async function makeSet(name: ZipSet['name'], paths: readonly string[], folder: string): Promise<ZipSet> {
  const files = paths.map(path => fileOf(`nodejs/${path}`, readFileSync(join(root, path))));
  const zip = await writeZip(files);
  const path = join(folder, `${name}.zip`);
  writeFileSync(path, zip);
  const bytes = paths.reduce((sum, file) => sum + lstatSync(join(root, file)).size, 0);
  return { name, zip: path, files: files.length, bytes, zipBytes: zip.length };
}

/** Folders of the packages that the lockfile does not mark as for development, without packages of one platform. */
function productionPackages(): readonly string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, optional }]) => path.startsWith('node_modules/') && !dev && !optional)
    .map(([path]) => path)
    .filter(path => !path.includes('/node_modules/'));
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length))
    .filter(path => lstatSync(join(root, path)).size <= largestFile)
    .sort();
}
