/** Pure: from the packages that the app imports to everything they need, for one target machine. */
import type { LockEntry } from '../read/lockfile.ts';
import { resolveEntry } from '../read/lockfile.ts';

/** What npm calls the target: `--os=linux --cpu=… --libc=glibc`. */
export interface Machine {
  readonly os: 'linux';
  readonly cpu: 'x64' | 'arm64';
  readonly libc: 'glibc';
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
  readonly unresolved: readonly { readonly name: string; readonly from: string }[];
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
  const unresolved: { name: string; from: string }[] = [];
  const queue: { name: string; from: string; optional: boolean }[] = roots.map(root => ({
    ...root,
    optional: false,
  }));
  for (let wanted = queue.shift(); wanted; wanted = queue.shift()) {
    const entry = findNeed(entries, wanted.from, wanted.name);
    if (!entry || (wanted.optional && machine !== 'any' && !fits(entry, machine))) {
      if (!wanted.optional) unresolved.push({ name: wanted.name, from: wanted.from });
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

/** What a package asks for by name; what is both plain and optional is optional. */
export function needsOf(entry: LockEntry): { readonly name: string; readonly optional: boolean }[] {
  const { dependencies, peerDependencies, optionalDependencies } = entry;
  const plain = Object.keys({ ...dependencies, ...peerDependencies });
  return [
    ...plain.filter(name => !(name in optionalDependencies)).map(name => ({ name, optional: false })),
    ...Object.keys(optionalDependencies).map(name => ({ name, optional: true })),
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
