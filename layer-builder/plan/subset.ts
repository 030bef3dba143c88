/** Pure: the smallest package.json and lockfile that install a reach, at the very versions of the project's own. */
import { resolve } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { LockEntry, Lockfile } from '../read/lockfile.ts';
import { resolveEntry } from '../read/lockfile.ts';
import type { Manifest } from '../types.ts';
import type { Machine, Root } from './reach.ts';
import { planReach } from './reach.ts';

/** What npm installs, or which packages are taken from the tree that another client installed. */
export type InstallInput =
  | {
      readonly packageJson: Readonly<Record<string, unknown>>;
      readonly packageLock: Readonly<Record<string, unknown>>;
    }
  | {
      readonly tree: string;
      /** Place in the install, place in the tree. */
      readonly places: readonly (readonly [location: string, origin: string])[];
    };

/** What npm derives from the root's own lists, which are others here. */
const derived = new Set(['dev', 'devOptional', 'peer', 'extraneous']);

/**
 * Cuts the lockfile down to what is laid out, so that tools and test libraries of the project are neither downloaded
 * nor part of the cache key.
 *
 * Throws `LOCKFILE_INVALID` for a package from a registry without integrity (nothing could verify it), and
 * `LOCKFILE_OUT_OF_STEP` when a package needs one that the lockfile does not hold.
 */
export function planInstall(
  { lockfile, manifest }: { readonly lockfile: Lockfile; readonly manifest: Manifest },
  roots: readonly Root[],
  entries: ReadonlyMap<string, LockEntry>,
  machine: Machine,
): InstallInput {
  const onTop = roots.map(({ name }) => ({ name, from: '' }));
  // npm wants a complete lockfile, and leaves out by itself what is for other machines.
  const reach = planReach(entries, onTop, lockfile.tree ? machine : 'any');
  const gap = reach.unresolved.find(need => !need.peer);
  if (gap) {
    throw new BuilderError(
      'LOCKFILE_OUT_OF_STEP',
      `${gap.from === '' ? 'the project' : gap.from} needs ${gap.name}, which the lockfile does not hold`,
      {
        hint: `add ${gap.name} to the dependencies, install and commit the lockfile`,
        details: { missing: gap },
      },
    );
  }
  if (lockfile.tree) {
    const own = reach.packages.filter(entry => entry.folder === undefined);
    return { tree: lockfile.tree.key, places: own.map(({ location, origin }) => [location, origin]) };
  }
  const asking = new Map(roots.map(({ name, from }) => [name, from]));
  const dependencies: Record<string, string> = {};
  for (const name of [...asking.keys(), ...needsOfFolders(reach.packages)].sort()) {
    const locked = resolveEntry(entries, '', name);
    if (!locked || locked.folder !== undefined) continue;
    const asked = asking.get(name) === lockfile.projectLocation ? askedFor(manifest, name) : undefined;
    dependencies[name] = absolute(asked ?? locked.resolved ?? '', lockfile) ?? asked ?? locked.version;
  }
  const root = { name: 'layer-builder-install', version: '0.0.0', dependencies };
  const overrides = manifest.raw['overrides'];
  const packages: Record<string, unknown> = { '': root };
  for (const entry of reach.packages) {
    if (entry.folder !== undefined) continue;
    requireIntegrity(entry);
    refuseBelowFolder(entry, entries);
    const item = Object.entries(lockfile.raw[entry.origin] ?? {}).filter(([key]) => !derived.has(key));
    const file = absolute(entry.resolved ?? '', lockfile);
    packages[entry.location] = {
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
function needsOfFolders(packages: readonly LockEntry[]): string[] {
  return packages
    .filter(entry => entry.folder !== undefined)
    .flatMap(entry => Object.keys({ ...entry.dependencies, ...entry.peerDependencies }));
}

/** npm knows nothing of a folder that the builder lays, so it cannot install below it. */
function refuseBelowFolder(entry: LockEntry, entries: ReadonlyMap<string, LockEntry>): void {
  const holder = entries.get(
    entry.location.slice(0, Math.max(0, entry.location.lastIndexOf('/node_modules/'))),
  );
  if (holder?.folder === undefined) return;
  const rival = entries.get(`node_modules/${entry.name}`)?.version;
  throw new BuilderError(
    'LOCKFILE_UNSUPPORTED',
    `the folder ${holder.name} needs ${entry.name} ${entry.version}, and the rest of the project needs ${rival}`,
    {
      hint: `ask for one version of ${entry.name} in ${holder.name} and the project, then run "npm install"`,
    },
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

function requireIntegrity(entry: LockEntry): void {
  const verifiable = entry.integrity !== undefined || entry.inBundle;
  if (verifiable || /^(git[+:]|file:)/.test(entry.resolved ?? '')) return;
  throw new BuilderError(
    'LOCKFILE_INVALID',
    `${entry.location} has no integrity in the lockfile (expected sha512-…, found nothing)`,
    { hint: 'delete node_modules and the lockfile, run "npm install" and commit the new lockfile' },
  );
}
