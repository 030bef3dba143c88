/** Two raw zips: 2,300 files of this project's production packages, and the pinned heavy set. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileOf } from '../../layer-builder/build/file.ts';
import { writeZip } from '../../layer-builder/build/zip.ts';
import { buildSet } from '../cold-start/project.ts';
import { heavySet } from '../cold-start/sets.ts';
import { withFolder } from '../support/folder.ts';

export interface ZipSet {
  readonly name: 'small' | 'heavy';
  readonly zip: string;
  readonly files: number;
  /** After unpacking. */ readonly bytes: number;
  readonly zipBytes: number;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The service set: what this project's lockfile has for production, without packages of one machine. */
const smallFiles = 2_300;

/** Writes both zips into `folder`: installed packages, nothing pruned. */
export async function makeSets(
  folder: string,
  progress: (line: string) => void,
): Promise<readonly [ZipSet, ZipSet]> {
  const small = productionPackages().flatMap(name => filesOf(root, name));
  return [
    await makeSet('small', root, small.slice(0, smallFiles), folder),
    await withFolder('unpack-heavy', async place => {
      const { modules } = await buildSet(heavySet, place, progress);
      const base = join(modules, '..');
      return makeSet('heavy', base, filesOf(base, 'node_modules'), folder);
    }),
  ];
}

async function makeSet(
  name: ZipSet['name'],
  base: string,
  paths: readonly string[],
  folder: string,
): Promise<ZipSet> {
  const files = paths.map(path => fileOf(`nodejs/${path}`, readFileSync(join(base, path))));
  const zip = await writeZip(files);
  const path = join(folder, `${name}.zip`);
  writeFileSync(path, zip);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
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

function filesOf(base: string, folder: string): readonly string[] {
  return readdirSync(join(base, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(base, join(entry.parentPath, entry.name)))
    .sort();
}
