/** Which CommonJS module goes into which file of an artifact. */
import test from 'ava';
import type { ChunkModule } from '../../../layer-builder/build/compact/chunks.ts';
import { planChunks as plan } from '../../../layer-builder/build/compact/chunks.ts';

/** Module n needs the listed ones; sizes in kB, 1 by default; those of `late` run when a function asks. */
function modules(
  needs: Readonly<Record<number, readonly number[]>>,
  sizes: Readonly<Record<number, number>> = {},
  late: readonly number[] = [],
): ReadonlyMap<number, ChunkModule> {
  return new Map(
    Object.entries(needs).map(([key, list]) => {
      const id = Number(key);
      return [id, { id, size: (sizes[id] ?? 1) * 1024, needs: list, isEarly: !late.includes(id) }];
    }),
  );
}

const planChunks = (
  graph: ReadonlyMap<number, ChunkModule>,
  entries: readonly number[],
  doors: readonly number[],
  started: readonly number[] = [],
) => plan(graph, entries, doors, new Set(started));

test('what one entry alone reaches is its own, cycles too; the rest is shared', t => {
  const graph = modules({ 0: [2, 3], 1: [3], 2: [4], 3: [5], 4: [2], 5: [] });
  t.deepEqual(planChunks(graph, [0, 1], []), {
    own: [[0, 2, 4], [1]],
    shared: [3, 5],
    groups: [],
    start: [],
    late: [],
  });
});

test('an entry that another one requires is shared, and its file only answers for it', t => {
  t.deepEqual(planChunks(modules({ 0: [1], 1: [2], 2: [] }), [0, 1], []), {
    own: [[0], []],
    shared: [1, 2],
    groups: [],
    start: [],
    late: [],
  });
});

test('what ES modules take is shared even when nothing else reaches it', t => {
  t.deepEqual(planChunks(modules({ 0: [], 1: [2], 2: [] }), [0], [1]), {
    own: [[0]],
    shared: [1, 2],
    groups: [],
    start: [],
    late: [],
  });
});

test('what is large and needed by some alone is kept from the others, what all need is not', t => {
  const graph = modules({ 0: [3, 4], 1: [3, 4], 2: [4], 3: [], 4: [] }, { 3: 64, 4: 500 });
  t.deepEqual(planChunks(graph, [0, 1, 2], []), {
    own: [[0], [1], [2]],
    shared: [4],
    groups: [[3]],
    start: [],
    late: [],
  });
  const smaller = modules({ 0: [3], 1: [3], 2: [], 3: [] }, { 3: 63 });
  t.deepEqual(planChunks(smaller, [0, 1, 2], []).groups, []);
});

test('what no start runs is kept from all of them when it is large, apart for each set of roots', t => {
  const graph = modules(
    { 0: [2, 4], 1: [4, 5], 2: [3], 3: [], 4: [6], 5: [], 6: [] },
    { 3: 64, 5: 63, 6: 70 },
    [3, 5, 6],
  );
  t.deepEqual(planChunks(graph, [0, 1], []), {
    own: [
      [0, 2],
      [1, 5],
    ],
    shared: [4],
    groups: [],
    start: [],
    late: [[3], [6]],
  });
});

test('the code of a large entry lies beside it: Node looks for the names of exports in the entry alone', t => {
  t.deepEqual(planChunks(modules({ 0: [1], 1: [] }, { 1: 255 }), [0], []).own, [[]]);
  t.deepEqual(planChunks(modules({ 0: [1], 1: [] }, { 1: 254 }), [0], []).own, [[0, 1]]);
});

test('what every start runs lies in one file, whatever reaches it; an entry without others keeps its own', t => {
  const needs = { 0: [3, 4], 1: [4], 2: [5], 3: [], 4: [], 5: [] };
  t.deepEqual(planChunks(modules(needs, { 3: 500, 4: 70 }), [0, 1, 2], [], [0]), {
    own: [[], [1], [2, 5]],
    shared: [],
    groups: [],
    start: [0, 3, 4],
    late: [],
  });
  t.deepEqual(planChunks(modules(needs), [0, 1, 2], [], [0]).shared, [0, 3, 4]);
  t.deepEqual(planChunks(modules({ 0: [1], 1: [] }), [0], [], [0]).own, [[0, 1]]);
});

test('ES modules import a short file: what is large in it moves to one of its own', t => {
  const { shared, groups } = planChunks(modules({ 0: [2], 1: [2], 2: [] }, { 2: 64 }), [0], [1]);
  t.deepEqual({ shared, groups }, { shared: [], groups: [[1, 2]] });
});
