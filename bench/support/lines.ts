/** Lines over a number: one panel an axis, one line a contender, its name at the line's end. */
import { drawCard, escapeXml, formatFigure, ticksTo } from './svg.ts';

export interface LinePanel {
  readonly title: string;
  /** What the horizontal axis counts. */
  readonly unit: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly { readonly x: number; readonly y: number }[];
  }[];
}

const [left, plotWidth, labels, plotHeight, gap] = [64, 446, 250, 220, 72];

export function drawLines(title: string, panels: readonly LinePanel[]): string {
  const parts = panels.map((panel, index) => drawPanel(panel, 52 + index * (plotHeight + gap)));
  return drawCard(title, left + plotWidth + labels, 52 + panels.length * (plotHeight + gap) - 8, parts);
}

function drawPanel({ title, unit, series }: LinePanel, start: number): string {
  const top = start + 22;
  const bottom = top + plotHeight;
  const points = series.flatMap(line => line.points);
  const xTicks = ticksTo(Math.max(...points.map(({ x }) => x)));
  const yTicks = ticksTo(Math.max(...points.map(({ y }) => y)));
  const x = (value: number) => left + (value / (xTicks.at(-1) ?? 1)) * plotWidth;
  const y = (value: number) => bottom - (value / (yTicks.at(-1) ?? 1)) * plotHeight;
  const axes = [
    `<text class="panel" x="16" y="${start + 6}">${escapeXml(title)}</text>`,
    ...yTicks.map(
      tick =>
        `<line class="grid" x1="${left}" x2="${left + plotWidth}" y1="${y(tick)}" y2="${y(tick)}"/>` +
        `<text class="quiet" x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${formatFigure(tick)}</text>`,
    ),
    ...xTicks.map(
      tick =>
        `<text class="quiet" x="${x(tick)}" y="${bottom + 17}" text-anchor="middle">${formatFigure(tick)}</text>`,
    ),
    `<text class="quiet" x="${left + plotWidth}" y="${bottom + 33}" text-anchor="end">${escapeXml(unit)}</text>`,
  ];
  const ends = spread(series.map(({ points }) => y(points.at(-1)?.y ?? 0)));
  const lines = series.map(({ name, points }, index) => {
    const last = points.at(-1);
    return [
      `<polyline class="line s${index}" points="${points.map(point => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ')}"/>`,
      ...points.map(
        point =>
          `<circle class="dot s${index}" cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="3.5"/>`,
      ),
      `<text class="s${index}" x="${x(last?.x ?? 0) + 10}" y="${((ends[index] ?? 0) + 4).toFixed(1)}">${escapeXml(name)} ${formatFigure(last?.y ?? 0)}</text>`,
    ].join('');
  });
  return [...axes, ...lines].join('\n');
}

/** Labels at these heights, pushed apart where they would lie over each other. */
function spread(heights: readonly number[]): readonly number[] {
  const order = heights.map((height, index) => ({ height, index })).sort((a, b) => b.height - a.height);
  const placed: number[] = [];
  let above = Number.POSITIVE_INFINITY;
  for (const { height, index } of order) {
    above = Math.min(height, above - 16);
    placed[index] = above;
  }
  return placed;
}
