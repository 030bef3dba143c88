/** The rows that trip adapters, run against each: a Markdown table of what passes. */
import { outcomeOf, rows } from '../../test/handler/edge/rows.ts';
import { contextOf } from '../../test/handler/edge/support.ts';
import type { Adapter } from './adapters.ts';

/** After this an invocation counts as hanging; the longest answer takes some milliseconds. */
const patienceMs = 500;

export interface Table {
  readonly lines: readonly string[];
  /** Rows passed, by adapter. */
  readonly passed: Readonly<Record<string, number>>;
}

/** Runs every row against every adapter. */
export async function makeTable(adapters: readonly Adapter[]): Promise<Table> {
  // a stream that fails where nobody listens would end the process: that is the adapter's failure, not ours
  const stray = () => {};
  process.on('unhandledRejection', stray);
  process.on('uncaughtException', stray);
  const passed: Record<string, number> = Object.fromEntries(adapters.map(({ name }) => [name, 0]));
  const lines: string[] = [];
  try {
    for (const row of rows) {
      const cells: string[] = [];
      for (const { name, handler } of adapters) {
        const problem = row.judge(await outcomeOf(handler, row.event(), contextOf(), patienceMs));
        if (problem === undefined) passed[name] = (passed[name] ?? 0) + 1;
        cells.push(problem === undefined ? 'yes' : `no: ${problem.replaceAll('|', '\\|').slice(0, 60)}`);
      }
      lines.push(`| ${row.name} | ${cells.join(' | ')} |`);
    }
  } finally {
    process.off('unhandledRejection', stray);
    process.off('uncaughtException', stray);
  }
  const names = adapters.map(({ name }) => name);
  const head = [`| | ${names.join(' | ')} |`, `|---|${names.map(() => '---').join('|')}|`];
  const sum = `| rows passed of ${rows.length} | ${names.map(name => passed[name]).join(' | ')} |`;
  return { lines: [...head, ...lines, sum], passed };
}
