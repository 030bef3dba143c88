/** Pure: the smallest package.json and lockfile that install a reach, at the very versions of the project's own. */
import { resolve } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { LockEntry, Lockfile } from '../read/lockfile.ts';
import { resolveEntry } from '../read/lockfile.ts';
import type { Manifest } from '../types.ts';
import type { Reach, Root } from './reach.ts';

export interface InstallInput {
  readonly packageJson: Readonly<Record<string, unknown>>;
  readonly packageLock: Readonly<Record<string, unknown>>;
}

/** What npm derives from the root's own lists, which are others here. */
const derived = new Set(['dev', 'devOptional', 'peer', 'extraneous']);

/**
 * Cuts the lockfile down to `reach`, so that tools and test libraries of the project are neither downloaded
 * nor part of the cache key.
 *
 * Throws `LOCKFILE_INVALID` for a package from a registry without integrity (nothing could verify it), and
 * `LOCKFILE_OUT_OF_STEP` when a package needs one that the lockfile does not hold.
 */
export function planInstall(
  lockfile: Lockfile,
  manifest: Manifest,
  roots: readonly Root[],
  reach: Reach,
): InstallInput {
  const [gap] = reach.unresolved;
  if (gap) {
    const from = gap.from === lockfile.projectLocation ? 'the project' : gap.from;
    throw new BuilderError(
      'LOCKFILE_OUT_OF_STEP',
      `${from} needs ${gap.name}, which the lockfile does not hold`,
      { hint: `run "npm install ${gap.name}" and commit the lockfile`, details: { missing: gap } },
    );
  }
  const dependencies: Record<string, string> = {};
  for (const { name, from } of [...roots, ...needsOfFolders(reach)].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const locked = resolveEntry(lockfile.entries, from, name);
    if (!locked || locked.link || locked.folder !== undefined) continue;
    const asked = from === lockfile.projectLocation ? askedFor(manifest, name) : undefined;
    dependencies[name] = absolute(asked ?? locked.resolved ?? '', lockfile) ?? asked ?? locked.version;
  }
  const root = { name: 'layer-builder-install', version: '0.0.0', dependencies };
  const overrides = manifest.raw['overrides'];
  const packages: Record<string, unknown> = { '': root };
  for (const entry of reach.packages) {
    if (!entry.location.includes('node_modules/') || entry.folder !== undefined) continue;
    requireIntegrity(entry, lockfile);
    const item = Object.entries(lockfile.raw[entry.location] ?? {}).filter(([key]) => !derived.has(key));
    const file = absolute(entry.resolved ?? '', lockfile);
    packages[placeOf(entry, reach)] = {
      ...Object.fromEntries(item),
      ...(file === undefined ? {} : { resolved: file }),
    };
  }
  return {
    packageJson: { ...root, private: true, ...(overrides === undefined ? {} : { overrides }) },
    packageLock: {
      name: root.name,
      version: root.version,
      lockfileVersion: 3,
      requires: true,
      packages: Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

/** npm installs nothing for a folder that the builder lays beside its install, so its needs are asked for by name. */
function needsOfFolders(reach: Reach): Root[] {
  return reach.packages
    .filter(entry => entry.folder !== undefined)
    .flatMap(entry =>
      Object.keys({ ...entry.dependencies, ...entry.peerDependencies }).map(name => ({
        name,
        from: entry.lookup,
      })),
    );
}

/** Where the entry goes in the install: the node_modules of a workspace or a linked folder becomes the top one. */
export function installLocation(entry: LockEntry): string {
  return entry.location.slice(entry.location.indexOf('node_modules/'));
}

function placeOf(entry: LockEntry, reach: Reach): string {
  const place = installLocation(entry);
  const rival = reach.packages.find(
    other => installLocation(other) === place && other.version !== entry.version,
  );
  if (!rival) return place;
  throw new BuilderError(
    'LOCKFILE_UNSUPPORTED',
    `two versions of ${entry.name} are needed at one place: ${entry.version} at ${entry.location}, ${rival.version} at ${rival.location}`,
    { hint: `ask for one version of ${entry.name} in all workspaces, then run "npm install"` },
  );
}

/** A `file:` tarball is named from the lockfile's folder, and the install lies elsewhere. */
function absolute(address: string, lockfile: Lockfile): string | undefined {
  const path = /^file:(?!\/\/)(.+)$/.exec(address)?.[1];
  return path === undefined ? undefined : `file:${resolve(lockfile.folder, path)}`;
}

function askedFor(manifest: Manifest, name: string): string | undefined {
  const range =
    manifest.dependencies[name] ?? manifest.optionalDependencies[name] ?? manifest.devDependencies[name];
  // "$name" refers to another list of the same package.json; the locked version says the same.
  return range?.startsWith('$') ? undefined : range;
}

function requireIntegrity(entry: LockEntry, lockfile: Lockfile): void {
  const raw = lockfile.raw[entry.location] ?? {};
  const verifiable = entry.integrity !== undefined || raw['inBundle'] === true;
  if (verifiable || /^(git[+:]|file:)/.test(entry.resolved ?? '')) return;
  throw new BuilderError(
    'LOCKFILE_INVALID',
    `${entry.location} has no integrity in the lockfile (expected sha512-…, found nothing)`,
    { hint: 'delete node_modules and the lockfile, run "npm install" and commit the new lockfile' },
  );
}
