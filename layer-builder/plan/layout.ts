/** Pure: one node_modules for everything that is reached, from the graph alone. */
import { resolve } from 'node:path';
import { sha256Hex } from '../../artifact/digest.ts';
import { BuilderError } from '../errors.ts';
import type { LockEntry, Lockfile } from '../read/lockfile.ts';
import { resolveEntry } from '../read/lockfile.ts';
import type { Machine, Root } from './reach.ts';
import { findNeed, fits, needsOf, planReach } from './reach.ts';

/** Levels of node_modules. Real trees have about five; a cycle through two versions of a package never ends. */
const deepest = 40;

/**
 * Places the reach of `roots` anew: roots on top, everything else as high as its name is free, breadth first in the
 * order of names. Where the client put a package, which development tools stand beside it and whether a workspace
 * asks for it no longer matters: the same graph gives the same tree, whatever kind of lockfile it comes from.
 *
 * What only other machines need comes last, so that it displaces nothing.
 *
 * Throws `LOCKFILE_UNSUPPORTED` for a cycle through several versions of its packages.
 */
export function layOut(
  lockfile: Pick<Lockfile, 'entries' | 'folder'>,
  roots: readonly Root[],
  machine: Machine,
): ReadonlyMap<string, LockEntry> {
  const placed = new Map<string, LockEntry>();
  for (const target of [machine, 'any'] as const) {
    const reached = planReach(lockfile.entries, roots, target).packages;
    const kinds = kindsOf(lockfile.entries, reached, machine);
    const seen = new Set<string>();
    const queue = roots.map(root => ({ ...root, asker: '' })).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (let wanted = queue.shift(); wanted; wanted = queue.shift()) {
      const source = findNeed(lockfile.entries, wanted.from, wanted.name);
      if (!source || !kinds.has(source.location)) continue;
      const location = placeFor(source, wanted, placed, kinds);
      placed.set(location, placed.get(location) ?? moved(source, wanted.name, location, lockfile.folder));
      if (seen.has(location)) continue;
      seen.add(location);
      const needs = [...needsOf(source).map(need => need.name), ...source.optionalPeers].sort();
      queue.push(...needs.map(name => ({ name, from: source.lookup, asker: location })));
    }
  }
  return placed;
}

function placeFor(
  source: LockEntry,
  { name, asker }: { readonly name: string; readonly asker: string },
  placed: ReadonlyMap<string, LockEntry>,
  kinds: ReadonlyMap<string, string>,
): string {
  const present = resolveEntry(placed, asker, name);
  if (present && kinds.get(present.origin) === kinds.get(source.location)) return present.location;
  if (source.inBundle) {
    // It lies inside the tarball of the package above it and comes with that.
    const holder = source.location.slice(0, source.location.lastIndexOf('/node_modules/'));
    for (let above = asker; above !== ''; above = above.slice(0, above.lastIndexOf('/node_modules/'))) {
      if (placed.get(above)?.origin === holder) return `${above}/node_modules/${name}`;
      if (!above.includes('/node_modules/')) break;
    }
  }
  if (present === undefined) return `node_modules/${name}`;
  const names = asker.split('/node_modules/');
  if (names.length < deepest) return `${asker}/node_modules/${name}`;
  throw new BuilderError(
    'LOCKFILE_UNSUPPORTED',
    `these packages need each other in several versions, so no tree of folders can hold them: ${names.slice(-6).join(' → ')}`,
    { hint: 'run "npm dedupe", or ask for one version of them with "overrides"', details: { asker, name } },
  );
}

/** A folder of the project that a package asks for is packaged from where it is. */
function moved(source: LockEntry, name: string, location: string, lockFolder: string): LockEntry {
  const isFolder = !source.location.includes('node_modules/');
  const folder = isFolder ? resolve(lockFolder, source.location) : source.folder;
  return { ...source, location, name, lookup: location, origin: source.location, folder };
}

/**
 * Which entries are the same package with the same needs, all the way down, wherever they stand: told apart first by
 * what they are, then again and again by what their needs were told apart as.
 */
function kindsOf(
  entries: ReadonlyMap<string, LockEntry>,
  reached: readonly LockEntry[],
  machine: Machine,
): ReadonlyMap<string, string> {
  const kinds = new Map(
    reached.map(entry => {
      const content = entry.integrity ?? entry.resolved ?? entry.location;
      return [entry.location, `${entry.name}@${entry.version} ${content}`];
    }),
  );
  const needs = new Map(
    reached.map(entry => {
      const found = [...needsOf(entry), ...entry.optionalPeers.map(name => ({ name, optional: true }))]
        .map(({ name, optional }) => ({ optional, need: findNeed(entries, entry.lookup, name) }))
        // What another machine would add tells nothing apart on this one.
        .flatMap(({ optional, need }) => (need && (!optional || fits(need, machine)) ? [need.location] : []));
      return [entry.location, found];
    }),
  );
  for (let before = 0, now = new Set(kinds.values()).size; now !== before; ) {
    const last = new Map(kinds);
    for (const [location, own] of last) {
      const below = needs.get(location)?.map(other => last.get(other) ?? '');
      kinds.set(location, sha256Hex([own, ...(below ?? [])].join('\n')));
    }
    [before, now] = [now, new Set(kinds.values()).size];
  }
  return kinds;
}
