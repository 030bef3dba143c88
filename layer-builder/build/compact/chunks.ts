/** Pure: which CommonJS module goes into which file. */

/** A module as far as the choice is concerned. */
export interface ChunkModule {
  readonly id: number;
  readonly size: number;
  /** Modules that it requires. */
  readonly needs: readonly number[];
  /** Whether it runs when the entries are loaded, and not only when some function asks for it. */
  readonly isEarly: boolean;
}

export interface ChunkPlan {
  /** For each entry, in order, the modules that nothing else reaches, ascending. */
  readonly own: readonly (readonly number[])[];
  /** Modules of the file that all share. */
  readonly shared: readonly number[];
  /** Modules that every start runs, when they are worth a file of their own. */
  readonly start: readonly number[];
  /** Large groups that the same few roots share, or one large entry has for itself, each in a file of its own. */
  readonly groups: readonly (readonly number[])[];
  /** The same of modules that do not run when the entries are loaded. */
  readonly late: readonly (readonly number[])[];
}

/** Bytes from which modules that only some starts need are kept from the others: reading them costs more than a file. */
const largeGroup = 65_536;

/**
 * Bytes from which what is an entry's own lies in another file. Who imports CommonJS reads it twice, and once more with
 * the lexer that looks for the names of exports: 8.5 MB take 13 ms of processor and 25 MB of memory for it.
 */
const largeEntry = 262_144;

/**
 * `entries` are modules with a file of their own. `doors` are those that ES modules import: they are taken from the
 * shared file. Of both, `started` are those that every start loads: what runs then lies together. Of the rest, what one
 * entry alone reaches lies in its file; what several need is shared, large parts by those who need them. What no start
 * runs is not read by one either.
 */
export function planChunks(
  modules: ReadonlyMap<number, ChunkModule>,
  entries: readonly number[],
  doors: readonly number[],
  started: ReadonlySet<number>,
): ChunkPlan {
  const reachedBy = new Map<number, number[]>();
  const roots = [...entries, ...doors];
  for (const [root, id] of roots.entries()) {
    for (const reached of reachOf(id, modules))
      reachedBy.set(reached, [...(reachedBy.get(reached) ?? []), root]);
  }
  const byRoots = new Map<string, { readonly by: readonly number[]; readonly members: number[] }>();
  for (const [id, by] of [...reachedBy].sort(([a], [b]) => a - b)) {
    const group = byRoots.get(by.join()) ?? { by, members: [] };
    group.members.push(id);
    byRoots.set(by.join(), group);
  }
  const sizeOf = (group: readonly number[]) =>
    group.reduce((sum, id) => sum + (modules.get(id)?.size ?? 0), 0);
  const own: (readonly number[])[] = entries.map(() => []);
  const shared: number[] = [];
  const start: number[] = [];
  const groups: number[][] = [];
  const late: number[][] = [];
  for (const { by, members } of byRoots.values()) {
    const unused = members.filter(id => !modules.get(id)?.isEarly);
    const isApart = sizeOf(unused) >= largeGroup;
    if (isApart) late.push(unused);
    const used = isApart ? members.filter(id => modules.get(id)?.isEarly) : members;
    const [first = 0] = by;
    const isOwn = by.length === 1 && first < entries.length;
    // Alone there is nothing to share: one file is read sooner than two.
    const isStarted = roots.length > 1 && by.some(root => started.has(roots[root] ?? -1));
    if (isStarted) start.push(...used);
    else if (isOwn && sizeOf(used) < largeEntry) own[first] = used;
    else if (!isOwn && (by.length === roots.length || sizeOf(used) < largeGroup)) shared.push(...used);
    else groups.push(used);
  }
  if (sizeOf(start) < largeGroup) shared.push(...start.splice(0));
  // ES modules import the shared file: then it is as short as an entry.
  if (doors.length > 0 && sizeOf(shared) >= largeGroup) groups.unshift(shared.splice(0));
  const sorted = (group: readonly number[]) => [...group].sort((a, b) => a - b);
  return { own, shared: sorted(shared), start: sorted(start), groups: groups.map(sorted), late };
}

function reachOf(root: number, modules: ReadonlyMap<number, ChunkModule>): Set<number> {
  const reached = new Set([root]);
  for (const id of reached) for (const need of modules.get(id)?.needs ?? []) reached.add(need);
  return reached;
}
