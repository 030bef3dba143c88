/** The cold start of one set: all contenders in turn, each unthrottled and in the sandbox, in every round. */
import { join } from 'node:path';
import { startLocalAws } from '../../local-aws/index.ts';
import { memoryFolder, withFolder } from '../support/folder.ts';
import { requirePrograms } from '../support/programs.ts';
import type { Bench, Result } from '../support/result.ts';
import { rowsOf } from '../support/result.ts';
import type { Contender } from '../support/statistics.ts';
import { interleave } from '../support/statistics.ts';
import type { Answered, Place } from './places.ts';
import { layOut, names } from './places.ts';
import type { Folders } from './process.ts';
import { timePlace, writeDriver } from './process.ts';
import { eventOf } from './programs.ts';
import { buildSet } from './project.ts';
import { report } from './report.ts';
import { openFunctions } from './sandbox.ts';
import type { BenchSet } from './sets.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 15);

/** `npm run bench -- <set.name>`. The throttled figures need root; without it a note says what was not limited. */
export function coldStartOf(set: BenchSet): Bench {
  return {
    name: set.name,
    run(progress) {
      requirePrograms('zip');
      return withFolder(set.name, folder =>
        withFolder(
          `${set.name}-written`,
          written => compare(set, { folder, written, driver: writeDriver(folder) }, progress),
          memoryFolder(),
        ),
      );
    },
  };
}

async function compare(set: BenchSet, folders: Folders, progress: (line: string) => void): Promise<Result> {
  const local = await startLocalAws({ port: 0, urlPort: 0, data: join(folders.folder, 'aws') });
  const functions = await openFunctions(local);
  try {
    const built = await buildSet(set, folders.folder, progress);
    progress('packing the peers');
    const places = await layOut(set, built, folders.folder, local);
    for (const place of places) await functions.deploy(place);
    const event = eventOf(set.path);
    const check = sameAnswer();
    const contenders = places.map(
      (place): Contender => ({
        name: place.name,
        ...(place.slug === 'original' ? { atMost: set.roundsOfOriginal ?? rounds } : {}),
        run: async () => {
          const plain = await timePlace(place, event, folders, local);
          const throttled = await functions.time(place, event);
          for (const answer of [plain, throttled]) check(place, answer);
          return { ...plain.figures, ...throttled.figures };
        },
      }),
    );
    const samples = await interleave(contenders, rounds, 1, progress);
    return report(set, rowsOf(samples), local.sandbox.isolated);
  } finally {
    functions.close();
    await local.close();
  }
}

/** Whoever answers something else than the others has not done the same work. */
function sameAnswer(): (place: Place, answer: Answered) => void {
  let expected: string | undefined;
  return ({ name }, { status, body }) => {
    if (name === names.bare) return;
    expected ??= body;
    if (status !== 200 || body !== expected)
      throw new Error(`${name} answered ${status} ${body} (expected 200 ${expected})`);
  };
}
