/** What a benchmark answers, and how it is kept: JSON for machines, a Markdown table, an SVG plot. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release } from 'node:os';
import type { Summary } from './statistics.ts';

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
  /** The figure that the plot and the ratios are of. */
  readonly figure: string;
  readonly unit: string;
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
export function keepResult(result: Result): string {
  const markdown = formatMarkdown(result);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    new URL(`${result.name}.json`, folder),
    `${JSON.stringify({ ...result, machine: machine() }, null, 2)}\n`,
  );
  writeFileSync(new URL(`${result.name}.md`, folder), markdown);
  writeFileSync(new URL(`${result.name}.svg`, folder), drawBars(result));
  return markdown;
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

/** Horizontal bars of the medians, whiskers for the quartiles. */
function drawBars({ title, figure, unit, rows }: Result): string {
  const shown = rows.flatMap(row =>
    row.figures[figure] ? [{ name: row.contender, ...row.figures[figure] }] : [],
  );
  const [left, width, step, top] = [250, 460, 34, 46];
  const most = Math.max(...shown.map(row => row.high), 1);
  const x = (value: number) => (left + (value / most) * width).toFixed(1);
  const bars = shown.map((row, index) => {
    const y = top + index * step;
    return [
      `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${escapeXml(row.name)}</text>`,
      `<rect x="${left}" y="${y}" width="${((row.median / most) * width).toFixed(1)}" height="20" fill="#3b82c4"/>`,
      `<line x1="${x(row.low)}" x2="${x(row.high)}" y1="${y + 10}" y2="${y + 10}" stroke="#111" stroke-width="1.5"/>`,
      `<text x="${Number(x(row.high)) + 6}" y="${y + 15}">${row.median.toFixed(row.median >= 100 ? 0 : 1)} ${unit}</text>`,
    ].join('');
  });
  const height = top + shown.length * step + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 110} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600">${escapeXml(title)}</text>`,
    ...bars,
    '</svg>\n',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, character => `&#${character.charCodeAt(0)};`);
}
