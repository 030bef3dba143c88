/** The publisher's tests over the wire, against a server that is not ours. */
import path from 'node:path';
import { execute, root } from './tools.ts';
import type { Judgement } from './types.ts';

interface Selection {
  readonly files: readonly string[];
  /** Titles, as ava's `--match` takes them. */
  readonly leftOut: readonly string[];
}

/** What asks nobody anything judges nobody. */
const pure = [
  'diff says*',
  'diff shows*',
  'diff of code*',
  'markdown*',
  '--format * gives*',
  'every format*',
  'D12 at most*',
];

const selections = {
  /** S3 and Lambda, four regions. */
  moto: {
    files: ['publish', 'faults', 'regions', 'channels', 'diff', 'load', 'many'],
    leftOut: [
      // What needs functions (moto wants IAM roles and Docker for them) …
      ...['D16 gc shows*', 'status says*'],
      // … or the code of a layer: it hands out no address for it.
      ...['diff compares*', 'load --source layer without*'],
    ],
  },
  /** S3 alone, with signatures and checksums verified; Lambda is local-aws's and gets the bytes of layers from Swift. */
  swift: {
    files: ['publish', 'faults', 'channels', 'stage', 'diff', 'load', 'many'],
    leftOut: [
      // Whatever moves a channel that is there already: Swift answers 501 to If-Match.
      ...['*channel*', '*rollback*', '*plan is applied*', '*not pointed to*', 'a release holds*'],
      ...['*does not answer moves*', 'promote *', 'of two promotes*'],
      // It keeps no SHA-256 with an object: its bytes are read, a call more.
      'an unchanged publish asks*',
      // Of two that write one object at once with `If-None-Match: *` it lets both through, as versions, more often than not.
      'D5 *',
      // Its times are whole seconds, rounded up: of two releases made in one, gc cannot tell which is older.
      'D16 gc *',
    ],
  },
} as const satisfies Record<string, Selection>;

export async function judgePublish(
  name: keyof typeof selections,
  judge: string,
  env: NodeJS.ProcessEnv,
): Promise<Judgement> {
  const { files, leftOut } = selections[name];
  const matches = [...pure, ...leftOut].flatMap(title => ['--match', `!${title}`]);
  const tests = files.map(file => `test/layer-builder/publish/${file}.test.ts`);
  // One after the other: the judge has one state for all of them.
  const args = ['--serial', '--concurrency', '1', '--timeout', '2m', ...tests, ...matches];
  const run = await execute(path.join(root, 'node_modules/.bin/ava'), args, {
    cwd: root,
    env: { ...process.env, ...env },
  });
  const said = run.output
    .match(/^ +\d+ tests? (?:passed|failed|skipped).*$/gm)
    ?.map(line => line.trim())
    .join(', ');
  const what = 'the publisher’s tests over the wire';
  if (run.status === 0 && said !== undefined) return { what, judge, verdict: 'passed', said };
  return { what, judge, verdict: 'failed', said: `${said ?? 'no test ran'}\n${run.output.slice(-3000)}` };
}
