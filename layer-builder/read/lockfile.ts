/** The lockfile, the exact input of every build, and how npm's is read. */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isRecord } from '../config/check.ts';
import { BuilderError } from '../errors.ts';
import type { Manifest } from '../types.ts';
import type { TreeSource } from './client/install.ts';
import type { LockfilePlace } from './lockfile-place.ts';

/** One package of the lockfile, at one place of the tree. */
export interface LockEntry {
  /** Path from the lockfile's folder, e.g. `node_modules/koa/node_modules/debug`; the root itself is ''. */
  readonly location: string;
  /** The name it is imported by: that of its folder, also for an alias. */
  readonly name: string;
  readonly version: string;
  readonly integrity: string | undefined;
  readonly resolved: string | undefined;
  readonly license: string | undefined;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  /** Peers that must be there; an optional peer counts only when something else asks for it. */
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly optionalPeers: readonly string[];
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: readonly string[];
  /** A workspace, or a `file:` folder of TypeScript: the project's own code. `resolved` is its path. */
  readonly link: boolean;
  /** Absolute path of a `file:` folder that is packaged like any other package. */
  readonly folder: string | undefined;
  /** Where its own dependencies are looked up from: its location, unless it is a folder elsewhere. */
  readonly lookup: string;
  /** Its location in the lockfile, which a layout may change. */
  readonly origin: string;
  /** It lies inside the tarball of the package above it. */
  readonly inBundle: boolean;
  /** The lockfile says nothing that verifies its content. */
  readonly unpinned: boolean;
  readonly dev: boolean;
  readonly hasInstallScript: boolean;
}

export interface Lockfile {
  /** Absolute path of the file. */
  readonly path: string;
  /** Absolute path of its folder. */
  readonly folder: string;
  /** Where the project sits below that folder: '' unless it is a workspace. */
  readonly projectLocation: string;
  readonly entries: ReadonlyMap<string, LockEntry>;
  /** npm's document as it is, from which the installer cuts its own lockfile; empty for other clients. */
  readonly raw: Readonly<Record<string, Record<string, unknown>>>;
  /** What another client than npm installed it from. */
  readonly tree: TreeSource | undefined;
}

/**
 * Reads npm's lockfile. Throws `LOCKFILE_UNSUPPORTED` (version 1), `LOCKFILE_INVALID`, and `LOCKFILE_OUT_OF_STEP` when
 * package.json asks for something else than what was locked.
 */
export function readLockfile(place: LockfilePlace, manifest: Manifest): Lockfile {
  const { path, folder, projectLocation } = place;
  const packages = parseLockfile(readFileSync(path, 'utf8'), basename(path));
  const plain = new Map(
    Object.entries(packages).map(([location, item]) => [location, entryOf(location, item)]),
  );
  const asked = stringsOf(packages[projectLocation]?.['dependencies']);
  const entries = new Map(
    [...plain].map(([location, entry]) => [location, folderPackage(entry, plain, asked, folder) ?? entry]),
  );
  const lockfile = { path, folder, projectLocation, entries, raw: packages, tree: undefined };
  const differences = compareWithManifest(lockfile, manifest);
  if (differences.length > 0) {
    throw new BuilderError(
      'LOCKFILE_OUT_OF_STEP',
      `${basename(path)} is out of step with package.json: ${listed(differences)}`,
      { hint: 'run "npm install" and commit the lockfile', details: { lockfile: path, differences } },
    );
  }
  return lockfile;
}

/** Finds what Node would find for `name` from `location`: the nearest node_modules upwards. */
export function resolveEntry(
  entries: ReadonlyMap<string, LockEntry>,
  location: string,
  name: string,
): LockEntry | undefined {
  for (let from = location; ; ) {
    const found = entries.get(from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`);
    if (found || from === '') return found;
    const up = from.lastIndexOf('/node_modules/');
    if (up >= 0) from = from.slice(0, up);
    else from = from.startsWith('node_modules/') ? '' : from.slice(0, Math.max(0, from.lastIndexOf('/')));
  }
}

function parseLockfile(source: string, file: string): Record<string, Record<string, unknown>> {
  const invalid = (problem: string, hint = 'run "npm install" to write it anew') =>
    new BuilderError('LOCKFILE_INVALID', `${file} is not valid: ${problem}`, { hint });
  if (/^(<{7}|>{7}) /m.test(source)) throw invalid('it holds conflict markers of git', 'run "npm install"');
  let document: unknown;
  try {
    document = JSON.parse(source.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw invalid(`it does not parse (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (!isRecord(document)) throw invalid('expected an object');
  const version = document['lockfileVersion'];
  if (version !== 2 && version !== 3) {
    throw new BuilderError(
      'LOCKFILE_UNSUPPORTED',
      `${file} has an unsupported format (expected lockfileVersion 2 or 3, found ${JSON.stringify(version)})`,
      { hint: 'run "npm install --lockfile-version 3" with npm 7 or newer' },
    );
  }
  const packages = document['packages'];
  if (!isRecord(packages)) throw invalid('expected "packages", an object');
  for (const [location, item] of Object.entries(packages)) {
    if (!isRecord(item)) throw invalid(`expected an object at ${JSON.stringify(location)}`);
    // Locations become paths: one that climbs out below node_modules is an attack, not a lockfile.
    const inside = location.slice(Math.max(0, location.indexOf('node_modules/'))).split('/');
    const climbs = location.includes('node_modules/') && inside.some(part => /^\.{0,2}$/.test(part));
    if (climbs || /^\/|[\\\0\n]/.test(location)) {
      throw invalid(`${JSON.stringify(location)} is no place for a package`);
    }
  }
  return packages as Record<string, Record<string, unknown>>;
}

/** An item of npm's lockfile, whose fields are those of package.json and a few more. */
export function entryOf(location: string, item: Record<string, unknown>): LockEntry {
  const optionalPeers = Object.entries(recordOf(item['peerDependenciesMeta']))
    .filter(([, meta]) => isRecord(meta) && meta['optional'] === true)
    .map(([name]) => name);
  const peers = Object.entries(stringsOf(item['peerDependencies']));
  return {
    location,
    name: location.split('node_modules/').pop() ?? location,
    version: textOf(item['version']) ?? '0.0.0',
    integrity: textOf(item['integrity']),
    resolved: textOf(item['resolved']),
    license: textOf(item['license']),
    dependencies: stringsOf(item['dependencies']),
    optionalDependencies: stringsOf(item['optionalDependencies']),
    peerDependencies: Object.fromEntries(peers.filter(([name]) => !optionalPeers.includes(name))),
    optionalPeers,
    os: listOf(item['os']),
    cpu: listOf(item['cpu']),
    libc: listOf(item['libc']),
    link: item['link'] === true,
    folder: undefined,
    lookup: location,
    origin: location,
    inBundle: item['inBundle'] === true,
    unpinned: false,
    dev: item['dev'] === true || item['devOptional'] === true,
    hasInstallScript: item['hasInstallScript'] === true,
  };
}

/**
 * A dependency on `file:folder` as the package that it is. Undefined for everything else, for workspaces, and for
 * folders whose entry is TypeScript: Node does not strip types below node_modules, so they are bundled with the app.
 */
function folderPackage(
  link: LockEntry,
  entries: ReadonlyMap<string, LockEntry>,
  asked: Readonly<Record<string, string>>,
  lockFolder: string,
): LockEntry | undefined {
  const target = entries.get(link.resolved ?? '');
  if (!link.link || !target || !asked[link.name]?.startsWith('file:')) return undefined;
  const folder = resolve(lockFolder, target.location);
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
  const entryPoints = isRecord(manifest) ? JSON.stringify([manifest['main'], manifest['exports']]) : '';
  if (/(?<!\.d)\.[cm]?ts"/.test(entryPoints)) return undefined;
  const { location, name } = link;
  return { ...target, location, name, resolved: undefined, link: false, folder, lookup: target.location };
}

function compareWithManifest(lockfile: Lockfile, manifest: Manifest): string[] {
  const locked = lockfile.raw[lockfile.projectLocation];
  if (!locked) return [`the lockfile knows no project at ${JSON.stringify(lockfile.projectLocation)}`];
  const asked = wanted(
    manifest.devDependencies,
    manifest.peerDependencies,
    manifest.dependencies,
    manifest.optionalDependencies,
  );
  const had = wanted(
    stringsOf(locked['devDependencies']),
    stringsOf(locked['peerDependencies']),
    stringsOf(locked['dependencies']),
    stringsOf(locked['optionalDependencies']),
  );
  const differences: string[] = [];
  for (const name of [...new Set([...Object.keys(asked), ...Object.keys(had)])].sort()) {
    if (asked[name] === had[name]) continue;
    const [expected, found] = [asked[name], had[name]].map(range => range ?? 'nothing');
    differences.push(`${name} (package.json asks for ${expected}, the lockfile holds ${found})`);
  }
  for (const name of Object.keys(manifest.dependencies)) {
    if (name in manifest.optionalDependencies || differences.length > 0) continue;
    if (!resolveEntry(lockfile.entries, lockfile.projectLocation, name)) {
      differences.push(`${name} (package.json asks for it, the lockfile resolves it to no package)`);
    }
  }
  return differences;
}

/** The first few, because a lockfile of another project differs in everything. */
function listed(differences: readonly string[]): string {
  const rest = differences.length - 5;
  return `${differences.slice(0, 5).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}

/** Later lists win, as in npm: an optional dependency is no longer a plain one. */
function wanted(...lists: Readonly<Record<string, string>>[]): Record<string, string> {
  return Object.assign({}, ...lists) as Record<string, string>;
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function stringsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(recordOf(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function listOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}
