/**
 * Unpacking: our time in the process against Debian's programs as whole processes and Node's libraries, on two sets.
 * The target folder is in memory (/dev/shm) where there is one, so that the disk does not decide; BENCH_TMP names another.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleModules } from '../layer-builder/package/handler.ts';
import { memoryFolder, withFolder } from './support/folder.ts';
import { requirePrograms } from './support/programs.ts';
import type { Bench, Result, Row } from './support/result.ts';
import { ratioOf, rowsOf } from './support/result.ts';
import type { Contender } from './support/statistics.ts';
import { interleave } from './support/statistics.ts';
import type { Library } from './unpack/libraries.ts';
import type { ZipSet } from './unpack/sets.ts';
import { makeSets } from './unpack/sets.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 7);
const libraries: readonly Library[] = [
  'ours',
  'ours, one thread',
  'fflate',
  'extract-zip',
  'yauzl',
  'unzipper',
];
const programs = {
  bsdtar: (zip: string, into: string) => ['-xf', zip, '-C', into],
  unzip: (zip: string, into: string) => ['-qq', '-d', into, zip],
};

export const bench: Bench = {
  name: 'unpack',
  run(progress) {
    requirePrograms('bsdtar', 'unzip');
    return withFolder('unpack', folder => compare(folder, progress), memoryFolder());
  },
};

async function compare(folder: string, progress: (line: string) => void): Promise<Result> {
  const sets = await makeSets(folder, progress);
  const bundle = await writeBundle(folder);
  const wrong = new Set<string>();
  const take = (name: string, measure: Measure): Contender => ({
    name,
    run: async () => Object.assign({}, ...sets.map(set => runSet(name, set, measure, folder, wrong))),
  });
  const contenders = [
    ...libraries.map(name =>
      take(name, (set, into) => runLibrary([name, set.zip, into, `${set.files}`, bundle])),
    ),
    ...Object.entries(programs).map(([name, args]) =>
      take(name, (set, into) => runProgram(name, args(set.zip, into))),
    ),
  ];
  const samples = await interleave(contenders, rounds, 1, progress);
  return report(rowsOf(samples), sets, wrong);
}

interface Measured {
  readonly ms: number;
  /** MiB at most, beyond what was there before and the size of the zip. */
  readonly overZip?: number;
}

type Measure = (set: ZipSet, into: string) => Measured;

function runSet(
  name: string,
  set: ZipSet,
  measure: Measure,
  folder: string,
  wrong: Set<string>,
): Record<string, number> {
  const into = mkdtempSync(join(folder, 'into-'));
  try {
    const { ms, overZip } = measure(set, into);
    const files = readdirSync(into, { recursive: true, withFileTypes: true }).filter(entry =>
      entry.isFile(),
    ).length;
    if (files !== set.files)
      wrong.add(`${name} wrote ${files} of ${set.files} files of the ${set.name} set.`);
    return {
      [`${set.name} ms`]: ms,
      ...(overZip === undefined ? {} : { [`${set.name} MiB over zip`]: overZip }),
    };
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

/** Ours as it is in a function package: the unpacker and, beside it, the program of its second thread. */
async function writeBundle(folder: string): Promise<string> {
  const modules = [
    ...(await bundleModules('unpack.ts', 'unpack.mjs')),
    ...(await bundleModules('second-thread.ts', 'second-thread.cjs')),
  ];
  for (const { path, bytes } of modules) writeFileSync(join(folder, path), bytes);
  return join(folder, 'unpack.mjs');
}

/** Time in the process: reading the zip and unpacking it, without the start of Node and the import. */
function runLibrary(args: readonly [Library, ...string[]]): Measured {
  const child = fileURLToPath(new URL('./unpack/child.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [child, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args[0]}: ${stderr}`);
  return JSON.parse(stdout) as Measured;
}

/** Time of the whole process. */
function runProgram(name: string, args: readonly string[]): Measured {
  const start = performance.now();
  const { status, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return { ms };
}

function report(rows: readonly Row[], sets: readonly ZipSet[], wrong: ReadonlySet<string>): Result {
  const target = (set: ZipSet['name'], reach: number) => {
    const peers = rows.filter(row => !row.contender.startsWith('ours'));
    const medianOf = (row: Row) => row.figures[`${set} ms`]?.median ?? Number.POSITIVE_INFINITY;
    const [fastest] = [...peers].sort((a, b) => medianOf(a) - medianOf(b));
    const name = fastest?.contender ?? '';
    return {
      text: `ours / ${name}, the fastest peer, ${set} set`,
      ratio: ratioOf(rows, `${set} ms`, 'ours', name),
      reach,
    };
  };
  const ours = rows.find(row => row.contender === 'ours');
  return {
    name: 'unpack',
    title: 'Unpacking a raw zip',
    figure: 'heavy ms',
    unit: 'ms',
    panels: sets.map(({ name, files }) => ({
      figure: `${name} ms`,
      unit: 'ms',
      title: `${name} set, ${files.toLocaleString('en')} files`,
    })),
    rows,
    targets: [
      target('small', 1),
      target('heavy', 0.65),
      ...sets.map(({ name }) => ({
        text: `memory beside the zip, ${name} set, of 32 MiB`,
        ratio: (ours?.figures[`${name} MiB over zip`]?.median ?? Number.NaN) / 32,
        reach: 1,
      })),
    ],
    notes: [
      ...sets.map(
        set =>
          `${set.name}: ${set.files} files, ${megabytes(set.bytes)} in a zip of ${megabytes(set.zipBytes)}.`,
      ),
      `Into ${memoryFolder()}. Libraries: time in a fresh process, without its start and the import. Programs: the whole process.`,
      'Ours: two threads from 4,000 files on, where there are cores for them, and one thread everywhere.',
      'Memory: the highest mark during the call, without the zip and without pages of Node’s own program read for the first time.',
      'Ours checks every header first, hashes every file and renames the folder into place; the others do not.',
      ...wrong,
    ],
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
