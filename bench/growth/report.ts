/** Slopes of the lines, and whether a line bends upwards at its end. */
import type { GrowthPoint } from '../growth.ts';
import type { LinePanel } from '../support/lines.ts';
import { drawLines } from '../support/lines.ts';
import type { Result, Row } from '../support/result.ts';
import type { Summary } from '../support/statistics.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

const axes = [
  { axis: 'files', title: 'Number of files (4 kB each)', unit: 'files', per: 1000 },
  { axis: 'MB', title: 'Bytes (in 1,000 files)', unit: 'MB', per: 10 },
] as const;

/** Ends the name of a contender that ran under Lambda's limits. */
export const inSandbox = ', 512 MB sandbox';

/** @param isolated what the sandbox limits, in words */
export function report(rows: readonly Row[], points: readonly GrowthPoint[], isolated: string): Result {
  const lineOf = (row: Row, axis: GrowthPoint['axis']): readonly Point[] =>
    points
      .filter(point => point.axis === axis)
      .map(({ x }) => ({ x, y: row.figures[`${x} ${axis}`]?.median ?? Number.NaN }));
  const withSlopes = rows.map(row => ({
    contender: row.contender,
    figures: {
      ...row.figures,
      ...Object.fromEntries(
        axes.map(({ axis, unit, per }) => [
          `ms per ${per.toLocaleString('en')} ${unit}`,
          exactly(slopeOf(lineOf(row, axis)) * per),
        ]),
      ),
    },
  }));
  const panels = [false, true].flatMap(throttled =>
    axes.map(
      ({ axis, title, unit }): LinePanel => ({
        title: `${title}${throttled ? inSandbox : ''}, ms`,
        unit,
        series: rows
          .filter(({ contender }) => contender.endsWith(inSandbox) === throttled)
          .map(row => ({ name: row.contender.replace(inSandbox, ''), points: lineOf(row, axis) })),
      }),
    ),
  );
  const title = 'Growth: process start to first answer';
  const ours = rows.filter(({ contender }) => contender.startsWith('ours'));
  return {
    name: 'growth',
    title,
    figure: '20000 files',
    unit: 'ms',
    svg: drawLines(title, panels),
    rows: withSlopes,
    targets: ours.flatMap(row =>
      axes.map(({ axis, unit }) => ({
        text: `${row.contender}: slope of the upper half over the whole slope, ${unit}`,
        ratio: slopeOf(lineOf(row, axis).slice(2)) / slopeOf(lineOf(row, axis)),
        reach: 1.25,
      })),
    ),
    notes: [
      'Medians in ms. Ten CommonJS packages in the proportions of the service and the heavy set: of ten files one is loaded at the start, one when a function asks, three are of another module format, five are declarations.',
      `In the sandbox: init phase and first request, ${isolated}`,
      'Slopes are those of the least squares. Linear is 1: above it a line bends upwards.',
    ],
  };
}

/** Least squares. */
function slopeOf(line: readonly Point[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(line.map(({ x }) => x)), mean(line.map(({ y }) => y))];
  const over = line.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0);
  return over / line.reduce((sum, { x }) => sum + (x - mx) ** 2, 0);
}

function exactly(value: number): Summary {
  return { median: value, low: value, high: value, runs: 1 };
}
