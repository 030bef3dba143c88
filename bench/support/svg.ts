/** What all plots share: a card with a title, readable on light and dark pages alike. */

/** Colours by role. Ours stands out; peers are quiet; the floor, a bare Node, is quieter still. */
const style = `
  .card { fill: #ffffff; stroke: #d8dee4 } .title { fill: #1f2328; font-size: 15px; font-weight: 600 }
  text { fill: #1f2328; font-size: 12.5px } .quiet { fill: #656d76; font-size: 11.5px } .panel { font-weight: 600 }
  .grid { stroke: #e4e8ec; stroke-width: 1 } .whisker { stroke: #1f2328; stroke-opacity: .55; stroke-width: 1.5 }
  .ours { fill: #1a7f6b } .peer { fill: #9fb3c8 } .floor { fill: #d5dbe1 }
  .line { fill: none; stroke-width: 2.25; stroke-linejoin: round } .dot { stroke: #ffffff; stroke-width: 1.5 }
  .s0 { stroke: #1a7f6b; fill: #1a7f6b } .s1 { stroke: #56b4a0; fill: #56b4a0 }
  .s2 { stroke: #c2703d; fill: #c2703d } .s3 { stroke: #7a6fb0; fill: #7a6fb0 } .s4 { stroke: #8b949e; fill: #8b949e }
  .line.s0, .line.s1, .line.s2, .line.s3, .line.s4 { fill: none }
  text.s0, text.s1, text.s2, text.s3, text.s4 { stroke: none }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #30363d } .title, text { fill: #e6edf3 } .quiet { fill: #8d96a0 }
    .grid { stroke: #262c36 } .whisker { stroke: #e6edf3 } .dot { stroke: #0d1117 }
    .ours { fill: #3fb89c } .peer { fill: #536a82 } .floor { fill: #333c47 }
    .s0 { stroke: #3fb89c; fill: #3fb89c } .s1 { stroke: #8fdcc8; fill: #8fdcc8 }
    .s2 { stroke: #e0935f; fill: #e0935f } .s3 { stroke: #a99fe0; fill: #a99fe0 }
  }`;

/** A whole document; `parts` are drawn below the title, which takes the first 40 units of height. */
export function drawCard(title: string, width: number, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="card" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="title" x="16" y="27">${escapeXml(title)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** Round figures for an axis from 0 to at least `most`, about `count` of them. */
export function ticksTo(most: number, count = 5): readonly number[] {
  const raw = most / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find(factor => factor * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step);
}

export function formatFigure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value.toFixed(value >= 100 || Number.isInteger(value) ? 0 : 1);
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, character => `&#${character.charCodeAt(0)};`);
}
