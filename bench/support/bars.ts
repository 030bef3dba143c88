/** Horizontal bars of medians with whiskers for the quartiles, one panel a figure. */
import type { Row } from './result.ts';
import { drawCard, escapeXml, formatFigure, ticksTo } from './svg.ts';

export interface Panel {
  readonly figure: string;
  readonly unit: string;
  readonly title?: string;
}

const [left, plotWidth, right, rowHeight, barHeight] = [236, 430, 94, 28, 18];

export function drawBars(title: string, panels: readonly Panel[], rows: readonly Row[]): string {
  const parts: string[] = [];
  let top = 44;
  for (const panel of panels) {
    const { svg, bottom } = drawPanel(panel, rows, top);
    parts.push(svg);
    top = bottom;
  }
  return drawCard(title, left + plotWidth + right, top + 6, parts);
}

function drawPanel(
  { figure, unit, title }: Panel,
  rows: readonly Row[],
  start: number,
): { svg: string; bottom: number } {
  const shown = rows.flatMap(({ contender, figures }) =>
    figures[figure] === undefined ? [] : [{ contender, ...figures[figure] }],
  );
  const top = title === undefined ? start : start + 20;
  const bottom = top + shown.length * rowHeight;
  const ticks = ticksTo(Math.max(...shown.map(({ high }) => high), 1e-9));
  const scale = plotWidth / (ticks.at(-1) ?? 1);
  const x = (value: number) => (left + value * scale).toFixed(1);
  const axis = ticks.map(tick =>
    [
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${top}" y2="${bottom}"/>`,
      `<text class="quiet" x="${x(tick)}" y="${bottom + 15}" text-anchor="middle">${formatFigure(tick)}</text>`,
    ].join(''),
  );
  const bars = shown.map(({ contender, median, low, high }, index) => {
    const y = top + index * rowHeight + (rowHeight - barHeight) / 2;
    const middle = y + barHeight / 2;
    return [
      `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${escapeXml(contender)}</text>`,
      `<rect class="${roleOf(contender)}" x="${left}" y="${y}" width="${(median * scale).toFixed(1)}" height="${barHeight}" rx="2"/>`,
      `<line class="whisker" x1="${x(low)}" x2="${x(high)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${Number(x(Math.max(high, median))) + 7}" y="${middle + 4}">${formatFigure(median)} ${escapeXml(unit)}</text>`,
    ].join('');
  });
  const heading =
    title === undefined ? [] : [`<text class="panel" x="16" y="${start + 12}">${escapeXml(title)}</text>`];
  return { svg: [...heading, ...axis, ...bars].join('\n'), bottom: bottom + 28 };
}

function roleOf(contender: string): 'ours' | 'floor' | 'peer' {
  if (/\bours\b|^whole edge|^1 stream/.test(contender)) return 'ours';
  return /^bare/.test(contender) ? 'floor' : 'peer';
}
