/** Pure: lays rectangles of given areas into one, each as square as can be (Bruls, Huizing, van Wijk: squarified treemaps). */

export interface Tile {
  readonly label: string;
  readonly value: number;
  readonly note: string;
}

export interface PlacedTile {
  readonly tile: Tile;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export function layTiles(tiles: readonly Tile[], width: number, height: number): PlacedTile[] {
  const rest = tiles.filter(tile => tile.value > 0).sort((a, b) => b.value - a.value);
  const total = rest.reduce((sum, tile) => sum + tile.value, 0);
  const scale = total === 0 ? 0 : (width * height) / total;
  const placed: PlacedTile[] = [];
  let [x, y, w, h] = [0, 0, width, height];
  while (rest.length > 0) {
    const side = Math.min(w, h);
    let taken = 1;
    while (taken < rest.length && worst(rest, taken + 1, side, scale) <= worst(rest, taken, side, scale))
      taken++;
    const row = rest.splice(0, taken);
    const area = row.reduce((sum, tile) => sum + tile.value, 0) * scale;
    const thickness = area / side;
    let offset = 0;
    for (const tile of row) {
      const length = (tile.value * scale) / thickness;
      placed.push(
        w >= h
          ? { tile, x, y: y + offset, w: thickness, h: length }
          : { tile, x: x + offset, y, w: length, h: thickness },
      );
      offset += length;
    }
    if (w >= h) [x, w] = [x + thickness, w - thickness];
    else [y, h] = [y + thickness, h - thickness];
  }
  return placed;
}

/** The most stretched rectangle of a row of the first `count` tiles along a side. */
function worst(tiles: readonly Tile[], count: number, side: number, scale: number): number {
  const areas = tiles.slice(0, count).map(tile => tile.value * scale);
  const sum = areas.reduce((total, area) => total + area, 0);
  return Math.max(
    ...areas.map(area => Math.max((side ** 2 * area) / sum ** 2, sum ** 2 / (side ** 2 * area))),
  );
}
