/** The figures in README.md, written anew by every run from the results that are there: no figure is copied by hand. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Kept } from './result.ts';
import { readResult } from './result.ts';
import { formatFigure } from './svg.ts';

const readme = new URL('../../README.md', import.meta.url);
/** What lies between the two lines is replaced. */
const [start, end] = ['<!-- bench: npm run bench writes this part -->', '<!-- /bench -->'];
const columns = [
  { name: 'cold-start', figure: 'ms', title: 'service set' },
  { name: 'cold-start', figure: 'Lambda ms', title: 'the same, 512 MB sandbox' },
  { name: 'cold-start-heavy', figure: 'ms', title: 'heavy set' },
  { name: 'cold-start-heavy', figure: 'Lambda ms', title: 'the same, 512 MB sandbox' },
  { name: 'cold-start-reference', figure: 'ms', title: 'reference service' },
] as const;

/** Leaves a README without the two lines, or results without the figures, alone. */
export function updateReadme(): void {
  const text = readFileSync(readme, 'utf8');
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  const kept = new Map(columns.map(({ name }) => [name, readResult(name)]));
  const block = formatBlock(kept);
  if (from < 0 || to < from || block === undefined) return;
  writeFileSync(readme, `${text.slice(0, from + start.length)}\n\n${block}\n\n${text.slice(to)}`);
}

function formatBlock(kept: ReadonlyMap<string, Kept | undefined>): string | undefined {
  const cell = ({ name, figure }: (typeof columns)[number], contender: string) =>
    kept.get(name)?.rows.find(row => row.contender === contender)?.figures[figure]?.median;
  const contenders = kept.get('cold-start')?.rows.map(({ contender }) => contender) ?? [];
  const shown = columns.filter(column => contenders.some(name => cell(column, name) !== undefined));
  if (shown.length === 0) return undefined;
  const machines = Map.groupBy(
    [...kept.values()].flatMap(result => result ?? []),
    ({ machine }) => machine,
  );
  return [
    '![Cold start, service set: bars of the medians](bench/results/cold-start.svg)',
    '',
    `| process start to first answer, ms | ${shown.map(({ title }) => title).join(' | ')} |`,
    `|---|${shown.map(() => '---:').join('|')}|`,
    ...contenders.map(contender => {
      const cells = shown.map(column => {
        const value = cell(column, contender);
        return value === undefined ? '' : formatFigure(Math.round(value));
      });
      const mark = contender.startsWith('ours') ? '**' : '';
      return `| ${mark}${contender}${mark} | ${cells.map(text => `${mark}${text}${mark}`).join(' | ')} |`;
    }),
    '',
    ...[...machines].map(
      ([machine, results]) =>
        `Medians; ${results.map(({ name }) => `\`npm run bench -- ${name}\``).join(', ')} on ${machine}.`,
    ),
  ].join('\n');
}
