/** The report of `conform` for people: one line a row, its problems below it, the sum at the end. Pure. */
import type { ConformReport } from './types.ts';

export function formatReport({ command, passed, failed, rows }: ConformReport): string {
  const lines = rows.flatMap(({ id, title, passed: isGood, problems }) => [
    `${isGood ? '✔' : '✘'} ${id.padEnd(4)} ${title}`,
    ...problems.map(problem => `       ${problem}`),
  ]);
  return [
    ...lines,
    '',
    `${command.join(' ') || 'our own loader'}: ${passed} of ${passed + failed} rows passed`,
  ].join('\n');
}
