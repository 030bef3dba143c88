/** The table of one set: targets of both ways to measure, and what a reader has to know. */
import type { Result, Row } from '../support/result.ts';
import { ratioOf } from '../support/result.ts';
import { names } from './places.ts';
import { memoryMb } from './process.ts';
import type { BenchSet } from './sets.ts';

const ways = [
  { figure: 'ms', title: 'unthrottled' },
  { figure: 'Lambda ms', title: `${memoryMb} MB sandbox, init at one core` },
] as const;

export function report(set: BenchSet, rows: readonly Row[], isolated: string): Result {
  const targets = ways.flatMap(({ figure, title }) =>
    set.targets.map(({ over, under, reach }) => ({
      text: `${names[over].replace(/,? .*(S3|layer)$/, ' $1')} over ${names[under].slice(0, 3)}, ${title}`,
      ratio: ratioOf(rows, figure, names[over], names[under]),
      reach,
    })),
  );
  const medianOf = (name: string, figure: string) =>
    rows.find(({ contender }) => contender === name)?.figures[figure]?.median ?? Number.NaN;
  return {
    name: set.name,
    title: `${set.title}: process start to first answer`,
    figure: 'ms',
    unit: 'ms',
    panels: ways.map(({ figure, title }) => ({ figure, title, unit: 'ms' })),
    rows,
    targets: [
      ...targets,
      {
        text: 'MB fetched, S3 over (a)',
        ratio: ratioOf(rows, 'fetched MB', names.s3, names.original),
        reach: 0.15,
      },
      {
        text: 'RSS of S3 over (c) + 5 MB',
        ratio: medianOf(names.s3, 'RSS MB') / (medianOf(names.bundle, 'RSS MB') + 5),
        reach: 1,
      },
    ],
    notes: [
      set.note,
      `\`ms\`, \`CPU ms\` and \`RSS MB\`: a plain Node under Lambda’s flags and user from its start to the answer. \`Lambda ms\`: local-aws with AWS’s runtime client and ${memoryMb} MB, init phase at one core, \`first request\` at ${(memoryMb / 1769).toFixed(2)} of one; \`peak MB\` is there.`,
      `Sandbox: ${isolated}. S3 is on loopback, so the network costs nothing; all files are in the page cache.`,
      ...(process.getuid?.() === 0
        ? []
        : [
            'Not root: the processes are not Lambda’s user, so neither ours nor (c) uses its compile cache in `ms`.',
          ]),
      'An init phase of more than 10 s is stopped and repeated in the first request, as on Lambda; both are counted.',
      '(d), the original in Python, is not measured: there is no copy of it to run.',
    ],
  };
}
