/** What a benchmark answers, and how it is kept: JSON for machines, a Markdown table, an SVG plot. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release } from 'node:os';
import type { Panel } from './bars.ts';
import { drawBars } from './bars.ts';
import type { Samples, Summary } from './statistics.ts';
import { summarise } from './statistics.ts';

export interface Row {
  readonly contender: string;
  /** By figure, e.g. `ms`. */
  readonly figures: Readonly<Record<string, Summary>>;
}

export interface Target {
  readonly text: string;
  readonly ratio: number;
  readonly reach: number;
}

export interface Result {
  readonly name: string;
  readonly title: string;
  /** The figure that the plot is of. */
  readonly figure: string;
  readonly unit: string;
  /** The plot's panels. @default one, of `figure` */
  readonly panels?: readonly Panel[];
  /** A plot of the benchmark's own. @default bars */
  readonly svg?: string;
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
}

export interface Bench {
  readonly name: string;
  run(progress: (line: string) => void): Promise<Result>;
}

const folder = new URL('../results/', import.meta.url);

/** Writes `<name>.json`, `<name>.md` and `<name>.svg`; answers the Markdown. */
export function keepResult({ svg, ...result }: Result): string {
  const markdown = formatMarkdown(result);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    new URL(`${result.name}.json`, folder),
    `${JSON.stringify({ ...result, machine: machine() }, null, 2)}\n`,
  );
  writeFileSync(new URL(`${result.name}.md`, folder), markdown);
  const panels = result.panels ?? [{ figure: result.figure, unit: result.unit }];
  writeFileSync(new URL(`${result.name}.svg`, folder), svg ?? drawBars(result.title, panels, result.rows));
  return markdown;
}

/** A result as it lies in its file. */
export interface Kept extends Omit<Result, 'svg'> {
  readonly machine: string;
}

/** The newest result of a benchmark; undefined where it was never run. */
export function readResult(name: string): Kept | undefined {
  const file = new URL(`${name}.json`, folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : undefined;
}

/** Samples as `interleave` answers them, each figure as its median and quartiles. */
export function rowsOf(samples: Samples): readonly Row[] {
  return [...samples].map(([contender, figures]) => ({
    contender,
    figures: Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, summarise(values)])),
  }));
}

/** Ratio of two contenders' medians of the benchmark's figure. */
export function ratioOf(rows: readonly Row[], figure: string, over: string, under: string): number {
  const medianOf = (name: string) =>
    rows.find(row => row.contender === name)?.figures[figure]?.median ?? Number.NaN;
  return medianOf(over) / medianOf(under);
}

function formatMarkdown(result: Result): string {
  const names = [...new Set(result.rows.flatMap(row => Object.keys(row.figures)))];
  const lines = [
    `# ${result.title}`,
    '',
    `\`npm run bench -- ${result.name}\` on ${machine()}. Medians, quartiles in brackets.`,
    '',
    `| | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---:').join('|')}|`,
    ...result.rows.map(
      row => `| ${row.contender} | ${names.map(name => cell(row.figures[name])).join(' | ')} |`,
    ),
  ];
  if (result.targets.length > 0) {
    lines.push('', '| target | ratio | to reach | |', '|---|---:|---:|---|');
    for (const { text, ratio, reach } of result.targets) {
      lines.push(`| ${text} | ${ratio.toFixed(2)} | ≤ ${reach} | ${ratio <= reach ? 'reached' : 'missed'} |`);
    }
  }
  return `${[...lines, '', ...result.notes].join('\n').trimEnd()}\n`;
}

function cell(summary: Summary | undefined): string {
  if (summary === undefined) return '';
  const digits = summary.median >= 100 ? 0 : 1;
  const [median, low, high] = [summary.median, summary.low, summary.high].map(value => value.toFixed(digits));
  return low === high ? `${median}` : `${median} (${low}–${high})`;
}

function machine(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}, ${platform()} ${release()} ${arch()}, Node ${process.versions.node}, commit ${commit()}`;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
