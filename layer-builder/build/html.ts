/** Pure: the size report as one HTML page that needs nothing else: treemaps, table, limits, what fell back and why. */
import type { Limit, PlanArtifact, PlanReport } from '../plan/report.ts';
import { bytes, count, milliseconds } from '../report/table.ts';
import type { Tile } from './treemap.ts';
import { layTiles } from './treemap.ts';

const width = 1000;
const height = 420;

export function formatHtml(report: PlanReport): string {
  const title = `${report.service}: artifacts for ${report.runtime} on ${report.architecture}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
svg { width: 100%; height: auto; display: block; margin: .5rem 0 1rem }
svg text { font: 12px system-ui, sans-serif; fill: #10222e }
.near td { background: #fff4d6 } .over td { background: #ffdcdc }
code { overflow-wrap: anywhere }
</style>
<h1>${escapeHtml(title)}</h1>
${limitsTable(report.limits)}
${report.artifacts.map(artifactSection).join('\n')}
</html>
`;
}

function limitsTable(limits: readonly Limit[]): string {
  const show = (value: number, unit: Limit['unit']) =>
    unit === 'bytes' ? bytes(value) : unit === 'ms' ? milliseconds(value) : String(value);
  const rows = limits.map(
    ({ name, used, limit, unit, percent, state }) =>
      `<tr class="${state}"><td>${escapeHtml(name)}<td class="n">${show(used, unit)}<td class="n">${show(limit, unit)}<td class="n">${percent} %`,
  );
  return `<h2>Limits of AWS</h2>\n<table><tr><th>limit<th class="n">used<th class="n">of<th class="n">\n${rows.join('\n')}\n</table>`;
}

function artifactSection(artifact: PlanArtifact): string {
  const figures = [
    `${bytes(artifact.size)} zipped`,
    `${bytes(artifact.unpackedSize)} unpacked`,
    count(artifact.files, 'file'),
    count(artifact.packages.length, 'package'),
  ];
  const sizes = artifact.packages.map(item => ({
    label: `${item.name} ${item.version}`,
    value: item.size,
    note: bytes(item.size),
  }));
  const times = artifact.imports.map(item => ({
    label: item.specifier,
    value: item.ms,
    note: milliseconds(item.ms),
  }));
  return `<h2>${escapeHtml(artifact.name)} (${artifact.load})</h2>
<p>${figures.join(', ')}<br><code>${artifact.digest}</code></p>
<h3>Bytes as installed, by package</h3>
${treemap(sizes)}
<h3>Milliseconds of import, in this order</h3>
${treemap(times)}
<table>
<tr><th>package<th class="n">bytes<th class="n">files<th class="n">pruned<th>for<th>form
${artifact.packages.map(packageRow).join('\n')}
</table>`;
}

function packageRow(item: PlanArtifact['packages'][number]): string {
  const form = item.reason === undefined ? item.form : `${item.form}: ${item.reason}`;
  return `<tr><td>${escapeHtml(`${item.name}@${item.version}`)}<td class="n">${bytes(item.size)}<td class="n">${item.files}<td class="n">${bytes(item.pruned.bytes)}<td>${escapeHtml(item.requiredBy.join(', '))}<td>${escapeHtml(form)}`;
}

function treemap(tiles: readonly Tile[]): string {
  const shapes = layTiles(tiles, width, height).map(({ tile, x, y, w, h }, index) => {
    const label = `${tile.label} · ${tile.note}`;
    const fits = w > 60 && h > 18;
    const most = Math.floor(w / 6.5) - 1;
    const shown = label.length > most ? `${label.slice(0, Math.max(1, most - 1))}…` : label;
    const text = fits ? `<text x="${round(x + 5)}" y="${round(y + 15)}">${escapeHtml(shown)}</text>` : '';
    return `<g><title>${escapeHtml(label)}</title><rect x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}" fill="hsl(${(index * 47) % 360} 55% 82%)" stroke="#fff"/>${text}</g>`;
  });
  if (shapes.length === 0) return '<p>nothing to show</p>';
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${shapes.join('')}</svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
