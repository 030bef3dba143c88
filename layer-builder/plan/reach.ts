/** Pure: from the packages that the app imports to everything they need, for one target machine. */

import type { LockEntry } from '../read/lockfile.ts';
import { resolveEntry } from '../read/lockfile.ts';
import type { Config } from '../types.ts';

/** What npm calls the target: `--os=linux --cpu=… --libc=glibc`. */
export interface Machine {
  readonly os: 'linux';
  readonly cpu: 'x64' | 'arm64';
  readonly libc: 'glibc';
}

/** Lambda runs Amazon Linux 2023: glibc 2.34, on x86-64 or on Graviton. */
export function machineOf(config: Config): Machine {
  return { os: 'linux', cpu: config.architecture === 'arm64' ? 'arm64' : 'x64', libc: 'glibc' };
}

/** A package that the app imports, and the place in the lockfile it is looked up from. */
export interface Root {
  readonly name: string;
  readonly from: string;
}

export interface Reach {
  /** Every package to install, sorted by location. */
  readonly packages: readonly LockEntry[];
  /** For each location, the locations of those that ask for it; `''` is the app itself. */
  readonly requiredBy: ReadonlyMap<string, readonly string[]>;
  /** Needed by a package, absent from the lockfile, and not optional. */
  readonly unresolved: readonly Gap[];
}

export interface Gap {
  readonly name: string;
  readonly from: string;
  /** Only a peer: the package may do without. */
  readonly peer: boolean;
}

/**
 * Closure of `roots` over dependencies, optional ones for this machine (`any`: for all), and peers that must be
 * there.
 */
export function planReach(
  entries: ReadonlyMap<string, LockEntry>,
  roots: readonly Root[],
  machine: Machine | 'any',
): Reach {
  const requiredBy = new Map<string, string[]>();
  const unresolved: Gap[] = [];
  const queue: (Need & { from: string })[] = roots.map(root => ({ ...root, optional: false, peer: false }));
  for (let wanted = queue.shift(); wanted; wanted = queue.shift()) {
    const entry = findNeed(entries, wanted.from, wanted.name);
    if (!entry || (wanted.optional && machine !== 'any' && !fits(entry, machine))) {
      if (!wanted.optional) unresolved.push({ name: wanted.name, from: wanted.from, peer: wanted.peer });
      continue;
    }
    const seen = requiredBy.get(entry.location);
    requiredBy.set(entry.location, [...(seen ?? []), wanted.from]);
    if (seen) continue;
    queue.push(...needsOf(entry).map(need => ({ ...need, from: entry.lookup })));
  }
  const packages = [...requiredBy.keys()]
    .sort()
    .map(location => entries.get(location))
    .filter(entry => entry !== undefined);
  return { packages, requiredBy, unresolved };
}

interface Need {
  readonly name: string;
  readonly optional: boolean;
  readonly peer: boolean;
}

/** What a package asks for by name; what is both plain and optional is optional. */
export function needsOf(entry: LockEntry): Need[] {
  const { dependencies, peerDependencies, optionalDependencies } = entry;
  const plain = Object.keys({ ...dependencies, ...peerDependencies });
  return [
    ...plain
      .filter(name => !(name in optionalDependencies))
      .map(name => ({ name, optional: false, peer: !(name in dependencies) })),
    ...Object.keys(optionalDependencies).map(name => ({ name, optional: true, peer: false })),
  ];
}

/** npm's rule for `os`, `cpu` and `libc`: an empty list fits all, `!x` excludes, otherwise it must be named. */
export function fits(entry: LockEntry, machine: Machine): boolean {
  const allowed = (list: readonly string[], value: string) =>
    list.length === 0 ||
    (!list.includes(`!${value}`) && (list.every(item => item.startsWith('!')) || list.includes(value)));
  return (
    allowed(entry.os, machine.os) && allowed(entry.cpu, machine.cpu) && allowed(entry.libc, machine.libc)
  );
}

/** What `name` is from `from`. A link stands for the folder it points to, which has an entry of its own. */
export function findNeed(
  entries: ReadonlyMap<string, LockEntry>,
  from: string,
  name: string,
): LockEntry | undefined {
  const entry = resolveEntry(entries, from, name);
  return entry?.link ? (entries.get(entry.resolved ?? '') ?? entry) : entry;
}
