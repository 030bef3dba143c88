/** A JSON file made from another one is the very same, key by key. */
import { runInThisContext } from 'node:vm';
import test from 'ava';
import fc from 'fast-check';
import { amendText, applyEdits, planEdits } from '../../../layer-builder/build/compact/amend.ts';

const entry = (n: number) => [`type/${n}`, { source: 'iana', extensions: [`e${n}`, { deep: n }] }] as const;
const table = (from: number, to: number) =>
  Object.fromEntries(Array.from({ length: to - from }, (_, index) => entry(from + index)));

test('what is added, changed, left out and moved is made again in its order', t => {
  const base = table(0, 100);
  const { 'type/7': seventh, ...rest } = table(0, 100);
  const next = { first: 1, ...rest, 'type/50': { source: 'other' }, 'type/7': seventh, last: null };
  const edits = planEdits(base, next);
  if (!edits) return t.fail('no edits');
  t.is(JSON.stringify(applyEdits(base, edits)), JSON.stringify(next));
  const module = { exports: {} as Record<string, unknown> };
  const require = Object.assign(() => ({ readFileSync: () => JSON.stringify(base) }), { resolve: String });
  runInThisContext(`(${amendText(edits)})`)(module.exports, require, module);
  t.is(JSON.stringify(module.exports), JSON.stringify(next));
});

for (const [title, base, next] of [
  ['another table', table(0, 50), table(100, 150)],
  ['a list', [1, 2], [1, 2, 3]],
  ['names that look like numbers', { 1: 'a', ...table(0, 50) }, { 2: 'b', ...table(0, 50) }],
  [
    'a number that JSON.stringify does not write',
    { zero: 0, ...table(0, 50) },
    { zero: -0, ...table(0, 50) },
  ],
  ['a prototype', table(0, 50), JSON.parse(`{"__proto__":1,${JSON.stringify(table(0, 50)).slice(1)}`)],
] as const) {
  test(`${title} is kept as it is`, t => t.is(planEdits(base, next), undefined));
}

test('any two tables: either no edits, or the very same text', t => {
  const value = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.constant({ a: [1] }),
  );
  const rest = fc.dictionary(fc.string(), value, { maxKeys: 4 });
  fc.assert(
    fc.property(rest, rest, fc.nat(60), (before, after, cut) => {
      const [base, next] = [
        { ...table(0, 60), ...before },
        { ...after, ...table(cut % 5, 60) },
      ];
      const edits = planEdits(base, next);
      return edits === undefined || JSON.stringify(applyEdits(base, edits)) === JSON.stringify(next);
    }),
    { seed: 4, numRuns: 200 },
  );
  t.pass();
});
