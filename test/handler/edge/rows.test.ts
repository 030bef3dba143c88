/** The rows that trip every adapter (docs/edge.md), here for ours. */
import test from 'ava';
import { outcomeOf, rows } from './rows.ts';
import { rowsApp } from './rows-app.ts';
import { contextOf, createTestEdge } from './support.ts';

const edge = await createTestEdge(rowsApp());

for (const row of rows) {
  test(row.name, async t => {
    const outcome = await outcomeOf(edge.invoke, row.event(), contextOf(), 5000);
    t.is(row.judge(outcome), undefined);
  });
}
