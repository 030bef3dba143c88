/** Pure: which CommonJS module goes into which file. */

/** A module as far as the choice is concerned. */
export interface ChunkModule {
  readonly id: number;
  readonly size: number;
  /** Modules that it requires. */
  readonly needs: readonly number[];
}

export interface ChunkPlan {
  /** For each entry, in order, the modules that nothing else reaches, ascending. */
  readonly own: readonly (readonly number[])[];
  /** Modules of the file that all share. */
  readonly shared: readonly number[];
  /** Large groups that the same few roots share, each in a file of its own. */
  readonly groups: readonly (readonly number[])[];
}

/** Bytes from which modules that only some of the entries need are kept from the others: reading them costs more than a file. */
const largeGroup = 65_536;

/**
 * `entries` are modules with a file of their own. `doors` are those that ES modules import: they are taken from the
 * shared file. What one entry alone reaches lies in its file; the rest is shared, large parts by those who need them.
 */
export function planChunks(
  modules: ReadonlyMap<number, ChunkModule>,
  entries: readonly number[],
  doors: readonly number[],
): ChunkPlan {
  const reachedBy = new Map<number, number[]>();
  for (const [root, id] of [...entries, ...doors].entries()) {
    for (const reached of reachOf(id, modules))
      reachedBy.set(reached, [...(reachedBy.get(reached) ?? []), root]);
  }
  const own: number[][] = entries.map(() => []);
  const byRoots = new Map<string, number[]>();
  for (const [id, roots] of [...reachedBy].sort(([a], [b]) => a - b)) {
    const [first = 0] = roots;
    if (roots.length === 1 && first < entries.length) own[first]?.push(id);
    else byRoots.set(roots.join(), [...(byRoots.get(roots.join()) ?? []), id]);
  }
  const isLarge = (group: readonly number[]) =>
    group.reduce((sum, id) => sum + (modules.get(id)?.size ?? 0), 0) >= largeGroup;
  const everyone = [...entries, ...doors].map((_, root) => root).join();
  const groups = [...byRoots].filter(([roots, group]) => roots !== everyone && isLarge(group));
  const apart = new Set(groups.map(([roots]) => roots));
  const shared = [...byRoots].filter(([roots]) => !apart.has(roots)).flatMap(([, group]) => group);
  return { own, shared: shared.sort((a, b) => a - b), groups: groups.map(([, group]) => group) };
}

function reachOf(root: number, modules: ReadonlyMap<number, ChunkModule>): Set<number> {
  const reached = new Set([root]);
  for (const id of reached) for (const need of modules.get(id)?.needs ?? []) reached.add(need);
  return reached;
}
