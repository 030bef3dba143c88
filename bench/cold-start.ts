/** From process start to the first answer of the reference service: our two paths beside what people do today. */
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Places } from './cold-start/prepare.ts';
import { prepare } from './cold-start/prepare.ts';
import type { Bench, Result, Row } from './support/result.ts';
import { ratioOf } from './support/result.ts';
import type { Contender } from './support/statistics.ts';
import { interleave, summarise } from './support/statistics.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 15);

const names = {
  bare: 'bare Node',
  layer: 'ours, layer',
  s3: 'ours, S3',
  bundle: '(c) esbuild bundle, warm cache',
  plain: '(b) raw node_modules layer',
  original: '(a) SDK + unzipper from S3',
} as const;

export const bench: Bench = {
  name: 'cold-start',
  async run(progress) {
    const places = await prepare(progress);
    try {
      const samples = await interleave(contenders(places), rounds, 2, progress);
      const rows: Row[] = [...samples].map(([contender, figures]) => ({
        contender,
        figures: Object.fromEntries(
          Object.entries(figures).map(([name, values]) => [name, summarise(values)]),
        ),
      }));
      return resultOf(rows, places);
    } finally {
      await places.local.close();
      rmSync(places.folder, { recursive: true, force: true });
    }
  },
};

function contenders(places: Places): Contender[] {
  const { folder, env } = places;
  const at = (...parts: string[]) => path.join(folder, ...parts);
  const fresh = (folder: string) => {
    rmSync(at('open', folder), { recursive: true, force: true });
    return at('open', folder);
  };
  for (const folder of ['open', 'cache', 'original/task']) open(at(folder));
  return [
    { name: names.bare, run: () => timed(at('ours/driver-bare.mjs'), env) },
    {
      name: names.layer,
      run: () =>
        timed(at('ours/driver-ours.mjs'), { ...env, DEPS_SOURCE: 'layer', DEPS_LAYER_ROOT: at('opt') }),
    },
    {
      name: names.s3,
      run: () => {
        return timed(at('ours/driver-ours.mjs'), { ...env, DEPS_SOURCE: 's3', DEPS_DIR: fresh('deps') });
      },
    },
    {
      name: names.bundle,
      run: () => timed(at('bundle/driver-bundle.mjs'), { ...env, BENCH_CACHE: at('cache') }),
    },
    { name: names.plain, run: () => timed(at('plain/driver-plain.mjs'), env) },
    {
      name: names.original,
      run: () => {
        rmSync(at('original/task/node_modules'), { force: true });
        return timed(at('original/task/driver-original.mjs'), { ...env, BENCH_INTO: fresh('raw') });
      },
    },
  ];
}

/** Lambda's user, whose compile cache the artifact holds; only root can become another user. */
const user = process.getuid?.() === 0 ? { uid: 993, gid: 993 } : undefined;

/** A folder that the children may write. */
function open(folder: string): string {
  mkdirSync(folder, { recursive: true });
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** Starts Node under Lambda's flags and answers milliseconds to the first answer and MB resident then. */
function timed(driver: string, env: NodeJS.ProcessEnv): Promise<Readonly<Record<string, number>>> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, ['--no-experimental-require-module', driver], {
      env,
      cwd: '/',
      ...user,
    });
    let output = '';
    let ms = 0;
    child.stdout.on('data', chunk => {
      output += chunk;
      if (ms === 0 && output.includes('ANSWER')) ms = performance.now() - start;
    });
    let complaint = '';
    child.stderr.on('data', chunk => {
      complaint += chunk;
    });
    child.on('error', reject);
    child.on('close', () => {
      const [, json] = output.split('ANSWER');
      const answer = json === undefined ? undefined : (JSON.parse(json) as { status: number; rssMb: number });
      if (answer?.status !== 200)
        reject(new Error(`${driver} answered ${answer?.status ?? 'nothing'}: ${complaint}${output}`));
      else resolve({ ms, 'RSS MB': answer.rssMb });
    });
  });
}

function resultOf(rows: readonly Row[], { ours, raw }: Places): Result {
  const ratio = (over: string, under: string) => ratioOf(rows, 'ms', over, under);
  return {
    name: 'cold-start',
    title: 'Cold start: process start to first answer, service set',
    figure: 'ms',
    unit: 'ms',
    rows,
    targets: [
      { text: 'S3 over (a)', ratio: ratio(names.s3, names.original), reach: 0.1 },
      { text: 'S3 over (b)', ratio: ratio(names.s3, names.plain), reach: 0.6 },
      { text: 'S3 over (c)', ratio: ratio(names.s3, names.bundle), reach: 1 },
      { text: 'layer over (b)', ratio: ratio(names.layer, names.plain), reach: 0.5 },
      { text: 'layer over (c)', ratio: ratio(names.layer, names.bundle), reach: 0.85 },
      { text: 'bytes downloaded over (a)', ratio: ours.bytes / raw.bytes, reach: 0.15 },
      { text: 'files written over (a)', ratio: ours.files / raw.files, reach: 0.02 },
    ],
    notes: [
      `Ours: ${ours.bytes} bytes in ${ours.files} files; raw: ${raw.bytes} bytes in ${raw.files} files.`,
      'No sandbox: Node under Lambda’s flags and user, S3 on loopback. `BENCH_ROUNDS` sets the rounds (15).',
    ],
  };
}
