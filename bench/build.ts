/**
 * Building: the artifact from a warm npm cache, from an install that is there, and when nothing changed, against
 * `npm ci`, `zip -r -9`, archiver and esbuild on the same packages. Each is a whole process.
 */
import { join } from 'node:path';
import type { BuildWay } from './build/ways.ts';
import { names, prepareWays } from './build/ways.ts';
import { heavySet, serviceSet } from './cold-start/sets.ts';
import { withFolder } from './support/folder.ts';
import { requirePrograms } from './support/programs.ts';
import type { Bench, Result, Row } from './support/result.ts';
import { ratioOf, rowsOf } from './support/result.ts';
import { interleave } from './support/statistics.ts';

/** One round takes minutes: the heavy set has 17,000 files. */
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const sets = { service: serviceSet, heavy: heavySet } as const;
type SetName = keyof typeof sets;
const setNames = Object.keys(sets) as readonly SetName[];

export const bench: Bench = {
  name: 'build',
  run(progress) {
    requirePrograms('zip');
    return withFolder('build', async folder => {
      const ways = new Map<SetName, readonly BuildWay[]>();
      for (const set of setNames) {
        progress(`first build of the ${set} set: it warms npm's cache`);
        ways.set(set, prepareWays(sets[set], join(folder, set)));
      }
      const samples = await interleave(
        names.map(name => ({ name, run: async () => runWay(name, ways) })),
        rounds,
        0,
        progress,
      );
      return report(rowsOf(samples));
    });
  },
};

/** Seconds of the process, and MB of what it wrote. */
function runWay(name: string, ways: ReadonlyMap<SetName, readonly BuildWay[]>): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const [set, all] of ways) {
    const way = all.find(one => one.name === name);
    way?.prepare();
    const start = performance.now();
    way?.run();
    figures[`${set} s`] = (performance.now() - start) / 1000;
    const bytes = way?.bytes();
    if (bytes !== undefined) figures[`${set} MB`] = bytes / 1e6;
  }
  return figures;
}

function report(rows: readonly Row[]): Result {
  const medianOf = (name: string, figure: string) =>
    rows.find(({ contender }) => contender === name)?.figures[figure]?.median ?? Number.NaN;
  return {
    name: 'build',
    title: 'Building an artifact',
    figure: 'service s',
    unit: 's',
    panels: setNames.map(set => ({ figure: `${set} s`, unit: 's', title: `${set} set` })),
    rows,
    targets: setNames.flatMap(set => [
      ...(['ours, pack', 'ours, pack without compaction'] as const).map(name => ({
        text: `${set}: ${name} over zip -r -9`,
        ratio: ratioOf(rows, `${set} s`, name, 'zip -r -9'),
        reach: 1,
      })),
      {
        text: `${set}: unchanged, of 0.5 s`,
        ratio: medianOf('ours, unchanged', `${set} s`) / 0.5,
        reach: 1,
      },
    ]),
    notes: [
      'Pack: from installed packages to the finished artifact. Ours walks, prunes, bundles, proves each package in a child process, makes the compile cache, zips and reads the zip back; without compaction it walks, prunes and zips, as the others do.',
      'Every row is a whole process on the same packages: those that layer-builder installs for the set. `npm ci` is in the first row and in none of the others.',
    ],
  };
}
