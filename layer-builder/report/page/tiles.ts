/** Pure: a treemap as SVG; what is too small to see is one tile. */
import type { PackageForm } from '../../types.ts';
import { count } from '../table.ts';
import { escapeHtml } from './escape.ts';
import type { Tile } from './treemap.ts';
import { layTiles } from './treemap.ts';

export interface FormTile extends Tile {
  readonly kind: PackageForm | 'own';
  /** Shown when the pointer rests on it. */
  readonly detail: string;
}

const width = 1200;
const height = 460;
/** Share of the area below which a tile would be a sliver. */
const smallest = 0.002;
/** About the width of one character of a label, in units of the drawing. */
const letter = 7.2;

export function drawTreemap(tiles: readonly FormTile[], title: string): string {
  const total = tiles.reduce((sum, tile) => sum + tile.value, 0);
  if (total === 0) return '<p class="none">nothing to show</p>';
  const seen = tiles.filter(tile => tile.value >= total * smallest);
  const small = tiles.filter(tile => tile.value > 0 && tile.value < total * smallest);
  const rest = small.reduce((sum, tile) => sum + tile.value, 0);
  const more: FormTile[] =
    small.length === 0
      ? []
      : [
          {
            label: `${small.length} more`,
            value: rest,
            note: `${((rest / total) * 100).toFixed(1)} %`,
            kind: 'own',
            detail: `${count(small.length, 'smaller one')}: ${small
              .slice(0, 12)
              .map(tile => tile.label)
              .join(', ')}${small.length > 12 ? ' …' : ''}`,
          },
        ];
  const shapes = layTiles([...seen, ...more], width, height).map(({ tile, x, y, w, h }) => {
    const { detail, kind } = tile as FormTile;
    return `<g class="${kind}"><title>${escapeHtml(detail)}</title><rect x="${round(x + 1)}" y="${round(y + 1)}" width="${round(Math.max(0, w - 2))}" height="${round(Math.max(0, h - 2))}" rx="2"/>${labels(tile, x, y, w, h)}</g>`;
  });
  return `<svg class="map" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${shapes.join('')}</svg>`;
}

/** Name and figure below each other, as far as they fit; a name that would be cut to nothing is left out. */
function labels(tile: Tile, x: number, y: number, w: number, h: number): string {
  const most = Math.floor((w - 14) / letter);
  const shown = tile.label.length <= most ? tile.label : `${tile.label.slice(0, most - 1)}…`;
  if (most < 4 || h < 22) return '';
  const name = `<text x="${round(x + 7)}" y="${round(y + 18)}">${escapeHtml(shown)}</text>`;
  const figure = `<text class="note" x="${round(x + 7)}" y="${round(y + 34)}">${escapeHtml(tile.note)}</text>`;
  return h < 40 || tile.note.length > most ? name : name + figure;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
