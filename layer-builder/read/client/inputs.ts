/** Collects what a package manager must see of a project to install its lockfile somewhere else. */
import type { Dirent } from 'node:fs';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { isRecord } from '../../config/check.ts';
import { BuilderError } from '../../errors.ts';
import type { LockfilePlace } from '../lockfile-place.ts';
import { parseManifest } from '../manifest.ts';
import { pnpmNpmrcSettings, pnpmWorkspaceSettings, yarnSettings } from './settings.ts';

export interface InputFile {
  readonly content: Buffer;
  readonly mode: number;
}

export interface ClientInputs {
  /** Path of the lockfile's folder below the folder into which everything is copied; '' unless a path leads out. */
  readonly home: string;
  /** Files by their path from the lockfile's folder, `/`-separated; it may lead out with `..`. */
  readonly files: ReadonlyMap<string, InputFile>;
  /** Links, which only the walk of the finished packages judges. */
  readonly links: ReadonlyMap<string, string>;
}

/**
 * The lockfile, every package.json of the workspaces, the settings that a lockfile depends on, patches, and what
 * `file:` names. Nothing of the app's own code, and no scripts: they must not run.
 *
 * Throws `PACKAGE_JSON_INVALID`, and `BUILD_UNSAFE_FILE` for a socket, pipe or device in a `file:` folder.
 */
export function collectInputs(place: LockfilePlace): ClientInputs {
  const files = new Map<string, InputFile>();
  const links = new Map<string, string>();
  const add = (path: string, content: string | Buffer) =>
    files.set(path, { content: Buffer.from(content as Buffer), mode: 0o644 });
  const at = (path: string) => join(place.folder, path);
  const textOf = (path: string) => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : '');

  // What a pnpmfile changed is in the lockfile; it is code and stays behind, so its checksum would not fit.
  const lockfile = readFileSync(place.path, 'utf8').replace(/^pnpmfileChecksum:.*\n\n?/m, '');
  add(relative(place.folder, place.path), lockfile);
  const workspace = textOf('pnpm-workspace.yaml');
  const settings: Readonly<Record<string, string>> =
    place.client === 'pnpm'
      ? {
          'pnpm-workspace.yaml': pnpmWorkspaceSettings(workspace),
          '.npmrc': pnpmNpmrcSettings(textOf('.npmrc')),
        }
      : place.client === 'yarn'
        ? { '.yarnrc.yml': yarnSettings(textOf('.yarnrc.yml')) }
        : {};
  for (const [path, text] of Object.entries(settings)) if (text !== '') add(path, text);

  const manifests = new Set(['package.json', join(place.projectLocation, 'package.json')]);
  const root: unknown = existsSync(at('package.json')) ? parseManifest(textOf('package.json')).raw : {};
  if (workspace !== '' || (isRecord(root) && root['workspaces'] !== undefined)) {
    for (const path of manifestsBelow(place.folder)) manifests.add(path);
  }
  for (const path of manifests) {
    // One in a `file:` folder is taken as it is: its client may know the folder's digest.
    if (!existsSync(at(path)) || files.has(path)) continue;
    const text = textOf(path);
    const { scripts: _scripts, ...manifest } = parseManifest(text).raw;
    add(path, `${JSON.stringify(manifest, null, 2)}\n`);
    for (const { kind, target } of localReferences(manifest)) {
      const named = join(dirname(path), target);
      if (kind === 'file') copy(at(named), named, files, links);
      else if (existsSync(at(join(named, 'package.json'))))
        add(join(named, 'package.json'), textOf(join(named, 'package.json')));
    }
    for (const patch of patchesNamed(text)) copy(at(patch), patch, files, links);
  }
  for (const patch of patchesNamed(workspace)) copy(at(patch), patch, files, links);

  const climbs = [...files.keys()].map(path => path.split('/').filter(part => part === '..').length);
  const base = join(place.folder, '../'.repeat(Math.max(0, ...climbs)));
  return { home: relative(base, place.folder).split(sep).join('/'), files, links };
}

/** Every package.json below a folder; which of them are workspaces is for the client to say. */
function manifestsBelow(folder: string): string[] {
  const found: string[] = [];
  const visit = (below: string) => {
    for (const entry of sorted(join(folder, below))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) visit(path);
      else if (entry.isFile() && entry.name === 'package.json') found.push(path);
    }
  };
  visit('');
  return found;
}

/** Paths that a package.json names with `file:`, `link:` or `portal:`, in whatever list. */
function localReferences(manifest: Readonly<Record<string, unknown>>): { kind: string; target: string }[] {
  const texts: string[] = [];
  const visit = (value: unknown) => {
    if (typeof value === 'string') texts.push(value);
    else if (isRecord(value)) Object.values(value).forEach(visit);
  };
  for (const [field, value] of Object.entries(manifest)) {
    if (/^(\w*[dD]ependencies|resolutions|overrides|pnpm)$/.test(field)) visit(value);
  }
  return texts
    .map(text => /^(file|link|portal):(?!\/)(?:\.\/)?([^#?]+?)(?:::.*)?$/.exec(text))
    .flatMap(match => (match ? [{ kind: match[1] ?? '', target: match[2] ?? '' }] : []));
}

/** `patches/ms@2.1.3.patch` of pnpm, `~/.yarn/patches/ms-npm-2.1.3.patch` of Yarn. */
function patchesNamed(text: string): string[] {
  const matches = text.matchAll(/(?:~\/|\.\/)?((?:[\w@.+-]+\/)+[\w@.+-]+\.patch)\b/g);
  return [...matches].map(match => match[1] ?? '');
}

function copy(source: string, path: string, files: Map<string, InputFile>, links: Map<string, string>): void {
  const stat = lstatSync(source, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isSymbolicLink()) links.set(path, readlinkSync(source));
  else if (stat.isFile())
    files.set(path, { content: readFileSync(source), mode: statSync(source).mode & 0o777 });
  else if (stat.isDirectory()) {
    for (const entry of sorted(source)) {
      if (['node_modules', '.git', '.layer-builder'].includes(entry.name)) continue;
      copy(join(source, entry.name), `${path}/${entry.name}`, files, links);
    }
  } else {
    throw new BuilderError('BUILD_UNSAFE_FILE', `${JSON.stringify(path)} cannot be packed: it is no file`, {
      hint: 'remove it from the folder that package.json names',
      details: { path },
    });
  }
}

function sorted(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}
