/** `layer-builder conform -- CMD`: holds any loader against the fault list. Protocol and rows: docs/conform.md. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BuilderError } from '../errors.ts';
import { bundleOwnLoader } from './own.ts';
import type { Bench } from './perform.ts';
import { performRow } from './perform.ts';
import { conformRows } from './rows.ts';
import type { ConformOptions, ConformReport, Row, RowResult } from './types.ts';
import { makeSample } from './world.ts';

export { formatReport } from './format.ts';
export type { ConformOptions, ConformReport, RowResult } from './types.ts';

/**
 * Judges a loader: runs it against every row, each in a folder of its own, and reports what it did wrong.
 * Without a command our own loader is judged, bundled as it is in a function package. Nothing is written outside
 * of temporary folders, and those are removed.
 *
 * Throws `USAGE` when the command cannot be started or no row matches.
 */
export async function runConform(
  command: readonly string[],
  options: ConformOptions = {},
): Promise<ConformReport> {
  const { concurrency = 2, deadlineMs = 4000, rows: wanted, archives, onRow = () => {} } = options;
  const rows = conformRows(archives).filter(({ id, title }) => wanted?.test(`${id} ${title}`) ?? true);
  if (rows.length === 0) {
    throw new BuilderError('USAGE', 'no row has such a name (expected e.g. A16 or B)', {
      hint: 'run "layer-builder conform" without --rows to see them all',
    });
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'conform-own-'));
  try {
    const words = command.length > 0 ? command.map(absolute) : await bundleOwnLoader(folder);
    const bench: Bench = { command: words, sample: await makeSample(), deadlineMs };
    const results = new Map<Row, RowResult>();
    const judge = async (row: Row): Promise<void> => {
      const result = await judgeRow(row, bench);
      results.set(row, result);
      onRow(result);
    };
    // Many processes at once would make their neighbours late: such rows have the machine to themselves.
    await overEach(
      rows.filter(({ kind }) => kind !== 'many'),
      concurrency,
      judge,
    );
    await overEach(
      rows.filter(({ kind }) => kind === 'many'),
      1,
      judge,
    );
    const inOrder = rows.flatMap(row => results.get(row) ?? []);
    const passed = inOrder.filter(result => result.passed).length;
    return { command, passed, failed: inOrder.length - passed, rows: inOrder };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The loader runs in a folder of its own, so words that name files here are made to name them from there. */
function absolute(word: string, index: number): string {
  const isPath = index > 0 || word.includes('/');
  return isPath && existsSync(word) ? path.resolve(word) : word;
}

async function judgeRow(row: Row, bench: Bench): Promise<RowResult> {
  const startedAt = performance.now();
  try {
    const problems = await performRow(row, bench);
    const ms = Math.round(performance.now() - startedAt);
    return { id: row.id, title: row.title, passed: problems.length === 0, problems, ms };
  } catch (cause) {
    throw new BuilderError('USAGE', `the loader cannot be run (found ${String(cause)})`, {
      hint: 'give a command that can be started, e.g. "layer-builder conform -- node loader.js"',
      cause,
    });
  }
}

async function overEach<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const work = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
