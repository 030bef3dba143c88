/** Which CommonJS module goes into which file of an artifact. */
import test from 'ava';
import type { ChunkModule } from '../../../layer-builder/build/compact/chunks.ts';
import { planChunks } from '../../../layer-builder/build/compact/chunks.ts';

/** Module n needs the listed ones; sizes in kB, 1 by default. */
function modules(
  needs: Readonly<Record<number, readonly number[]>>,
  sizes: Readonly<Record<number, number>> = {},
): ReadonlyMap<number, ChunkModule> {
  return new Map(
    Object.entries(needs).map(([id, list]) => [
      Number(id),
      { id: Number(id), size: (sizes[Number(id)] ?? 1) * 1024, needs: list },
    ]),
  );
}

test('what one entry alone reaches is its own, cycles too; the rest is shared', t => {
  const graph = modules({ 0: [2, 3], 1: [3], 2: [4], 3: [5], 4: [2], 5: [] });
  t.deepEqual(planChunks(graph, [0, 1], []), { own: [[0, 2, 4], [1]], shared: [3, 5], groups: [] });
});

test('an entry that another one requires is shared, and its file only answers for it', t => {
  t.deepEqual(planChunks(modules({ 0: [1], 1: [2], 2: [] }), [0, 1], []), {
    own: [[0], []],
    shared: [1, 2],
    groups: [],
  });
});

test('what ES modules take is shared even when nothing else reaches it', t => {
  t.deepEqual(planChunks(modules({ 0: [], 1: [2], 2: [] }), [0], [1]), {
    own: [[0]],
    shared: [1, 2],
    groups: [],
  });
});

test('what is large and needed by some alone is kept from the others, what all need is not', t => {
  const graph = modules({ 0: [3, 4], 1: [3, 4], 2: [4], 3: [], 4: [] }, { 3: 64, 4: 500 });
  t.deepEqual(planChunks(graph, [0, 1, 2], []), { own: [[0], [1], [2]], shared: [4], groups: [[3]] });
  const smaller = modules({ 0: [3], 1: [3], 2: [], 3: [] }, { 3: 63 });
  t.deepEqual(planChunks(smaller, [0, 1, 2], []).groups, []);
});
