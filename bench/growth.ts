/** How the cold start grows with the number of files and with their bytes: ours, peers (a) and (b), a line each. */
import { join } from 'node:path';
import { startLocalAws } from '../local-aws/index.ts';
import type { Answered, Place, Slug } from './cold-start/places.ts';
import { layOut, names } from './cold-start/places.ts';
import type { Folders } from './cold-start/process.ts';
import { timePlace, writeDriver } from './cold-start/process.ts';
import { eventOf } from './cold-start/programs.ts';
import { buildSet } from './cold-start/project.ts';
import { openFunctions } from './cold-start/sandbox.ts';
import { grownSet } from './growth/grown.ts';
import { inSandbox, report } from './growth/report.ts';
import { memoryFolder, withFolder } from './support/folder.ts';
import { requirePrograms } from './support/programs.ts';
import type { Bench, Result } from './support/result.ts';
import { rowsOf } from './support/result.ts';
import { interleave } from './support/statistics.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
/** The largest points take peer (a) half a minute each, and the sandbox starts everything at a third of a core. */
const roundsOfSlow = 3;

/** Files of 4 kB, as they are in node_modules; then a thousand files that grow. */
const points = [
  ...[100, 1000, 5000, 10_000, 20_000].map(x => ({ axis: 'files', x, files: x, bytes: x * 4000 }) as const),
  ...[1, 20, 50, 100, 200].map(x => ({ axis: 'MB', x, files: 1000, bytes: x * 1e6 }) as const),
];
export type GrowthPoint = (typeof points)[number];

const contenders: readonly Slug[] = ['layer', 's3', 'plain', 'original'];
const wayNames = ['unthrottled', 'sandbox'] as const;
type Way = (typeof wayNames)[number];

export const bench: Bench = {
  name: 'growth',
  run(progress) {
    requirePrograms('zip');
    return withFolder('growth', folder =>
      withFolder(
        'growth-written',
        written => grow({ folder, written, driver: writeDriver(folder) }, progress),
        memoryFolder(),
      ),
    );
  },
};

async function grow(folders: Folders, progress: (line: string) => void): Promise<Result> {
  const local = await startLocalAws({ port: 0, urlPort: 0, data: join(folders.folder, 'aws') });
  const functions = await openFunctions(local);
  try {
    const laid: { point: GrowthPoint; places: readonly Place[] }[] = [];
    for (const point of points) {
      progress(`making ${point.files} files, ${point.bytes / 1e6} MB`);
      const set = grownSet(point.files, point.bytes);
      const folder = join(folders.folder, set.name);
      const built = await buildSet(set, folder, () => {}, 'forget');
      const places = await layOut(set, built, folder, local, contenders);
      for (const place of places) await functions.deploy(place, functionOf(place, point));
      laid.push({ point, places });
    }
    const event = eventOf('/');
    const ways: Readonly<Record<Way, (place: Place, point: GrowthPoint) => Promise<Answered>>> = {
      unthrottled: place => timePlace(place, event, folders, local),
      sandbox: (place, point) => functions.time(place, event, functionOf(place, point)),
    };
    const samples = await interleave(
      contenders.flatMap((slug, index) =>
        wayNames.map(way => ({
          name: contenderName(slug, way),
          ...(slug === 'original' || way === 'sandbox' ? { atMost: roundsOfSlow } : {}),
          run: async () => {
            const figures: Record<string, number> = {};
            for (const { point, places } of laid) {
              const answer = await ways[way](places[index] as Place, point);
              if (answer.status !== 200) throw new Error(`${slug} answered ${answer.status} ${answer.body}`);
              figures[`${point.x} ${point.axis}`] = answer.figures[figureOf[way]] ?? Number.NaN;
            }
            return figures;
          },
        })),
      ),
      rounds,
      1,
      progress,
    );
    return report(rowsOf(samples), points, local.sandbox.isolated);
  } finally {
    functions.close();
    await local.close();
  }
}

const figureOf = { unthrottled: 'ms', sandbox: 'Lambda ms' } as const satisfies Record<Way, string>;

function functionOf({ slug }: Place, { x, axis }: GrowthPoint): string {
  return `${slug}-${x}-${axis}`;
}

function contenderName(slug: Slug, way: Way): string {
  return way === 'sandbox' ? `${names[slug]}${inSandbox}` : names[slug];
}
