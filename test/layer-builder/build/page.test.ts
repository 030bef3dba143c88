/** The size report as a page: complete in itself, true to its figures, safe whatever a package is called. */
import test from 'ava';
import type { PlanPackage, PlanReport } from '../../../layer-builder/plan/report.ts';
import { formatHtml } from '../../../layer-builder/report/page/index.ts';
import { layTiles } from '../../../layer-builder/report/page/treemap.ts';

function packageOf(name: string, size: number, rest: Partial<PlanPackage> = {}): PlanPackage {
  return {
    ...{
      name,
      version: '1.0.0',
      location: `node_modules/${name}`,
      files: 2,
      size,
      pruned: { files: 1, bytes: 5 },
    },
    ...{ inArtifact: { files: 1, size, zipped: size / 2 }, ms: 1, form: 'compacted', requiredBy: ['app'] },
    ...rest,
  };
}

const evil = '<script>alert("1")</script>';
const report: PlanReport = {
  service: `sample${evil}`,
  runtime: 'nodejs24.x',
  architecture: 'x86_64',
  artifacts: [
    {
      ...{ name: 'core', load: 'eager', layer: true, roots: ['a'], size: 60, unpackedSize: 130, files: 3 },
      digest: `sha256:${'a'.repeat(64)}`,
      packages: [
        packageOf('a', 100, {
          form: 'whole',
          reason: `a${evil}: it requires a module whose name is computed`,
        }),
        packageOf('b', 20, {
          form: 'traced',
          reason: 'node_modules/a needs it and stays as it is',
          requiredBy: ['a'],
        }),
        ...Array.from({ length: 30 }, (_, index) => packageOf(`tiny-${index}`, 0.01)),
      ],
      assets: { paths: [], size: 0, zipped: 0 },
      imports: [{ specifier: 'a', ms: 12 }],
    },
  ],
  limits: [
    { name: 'layers', used: 1, limit: 5, unit: 'layers', percent: 20, state: 'ok' },
    { name: 'direct', used: 45, limit: 50, unit: 'bytes', percent: 90, state: 'near', note: 'S3 takes more' },
  ],
  split: { fits: true, isCurrent: true, isOptional: true, parts: [], artifacts: { core: {} }, notes: [] },
  warnings: [`near${evil}`],
};

test('the page needs nothing else, and nothing that a package brings is taken for HTML', t => {
  const page = formatHtml(report);
  t.false(page.includes(evil));
  t.is(page.match(/<script/g)?.length, 1);
  t.notRegex(page, /(src|href)=|url\(|@import|https?:\/\//);
  for (const part of [
    'near',
    'S3 takes more',
    '1 cause',
    'and 1 package that it needs',
    '30 smaller ones',
    '12 ms',
  ]) {
    t.true(page.includes(part), part);
  }
});

test('the area of a tile is its share, none lies outside, and they fill the whole', t => {
  const tiles = [5, 80, 1, 40, 0, 12].map(value => ({ label: `${value}`, value, note: '' }));
  const placed = layTiles(tiles, 200, 100);
  t.is(placed.length, 5);
  for (const { tile, x, y, w, h } of placed) {
    t.true(Math.abs(w * h - (tile.value / 138) * 20_000) < 1e-6, tile.label);
    t.true(x >= 0 && y >= 0 && x + w <= 200 + 1e-6 && y + h <= 100 + 1e-6, tile.label);
  }
});
