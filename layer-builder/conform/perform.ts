/** Serves one row to the loader and collects the judge's problems. */
import * as fs from 'node:fs';
import path from 'node:path';
import type { Step } from './chaos-s3.ts';
import { etagOf, serve, startChaosS3 } from './chaos-s3.ts';
import { judgeAlways, judgeFailure, judgeSuccess } from './judge.ts';
import type { ArchiveRow, KillRow, LeftoverRow, ManyRow, Row, StoreRow } from './types.ts';
import type { Sample, World } from './world.ts';
import { entryOf, makeWorld } from './world.ts';

export interface Bench {
  readonly command: readonly string[];
  readonly sample: Sample;
  readonly deadlineMs: number;
}

/** What the lock promises of a hostile archive: room for its content, yet not more than a small disk has. */
const mostUnpacked = 32_000_000;

export async function performRow(row: Row, bench: Bench): Promise<string[]> {
  const artifact = row.kind === 'archive' ? entryOf(row.zip, 1, mostUnpacked) : bench.sample.artifact;
  const world = makeWorld(bench.command, artifact, bench.deadlineMs);
  try {
    switch (row.kind) {
      case 'store':
        return await performStore(row, world, bench);
      case 'archive':
        return await performArchive(row, world, bench);
      case 'leftover':
        return await performLeftover(row, world, bench);
      case 'kill':
        return await performKill(row, world, bench);
      case 'many':
        return await performMany(row, world, bench);
      case 'planted':
        return await performPlanted(world, bench);
    }
  } finally {
    world.close();
  }
}

async function performStore(row: StoreRow, world: World, bench: Bench): Promise<string[]> {
  const { sample, deadlineMs } = bench;
  const script = row.script(sample.zip);
  const s3 = await startChaosS3(...script);
  if (script.length === 0) await s3.close();
  try {
    const trial = await world.load(s3.endpoint);
    const problems = judgeAlways(trial, world, deadlineMs);
    // On a machine so busy that an answer takes seconds, a loader may send a second request beside the first.
    const most = (row.requests ?? Infinity) + Math.floor(trial.ms / 2000);
    if (s3.requests.length > most) {
      problems.push(`at most ${row.requests} requests expected, found ${s3.requests.length}`);
    }
    if (row.codes === undefined) return [...problems, ...judgeSuccess(trial, sample)];
    return [...problems, ...judgeFailure(trial, row.codes), ...(await recovers(world, bench))];
  } finally {
    await s3.close();
  }
}

async function performArchive(row: ArchiveRow, world: World, { deadlineMs }: Bench): Promise<string[]> {
  const s3 = await startChaosS3(serve(row.zip));
  try {
    const trial = await world.load(s3.endpoint);
    return [...judgeAlways(trial, world, deadlineMs), ...judgeFailure(trial, undefined)];
  } finally {
    await s3.close();
  }
}

async function performLeftover(
  row: LeftoverRow,
  world: World,
  { sample, deadlineMs }: Bench,
): Promise<string[]> {
  const s3 = await startChaosS3(serve(sample.zip));
  try {
    const first = await world.load(s3.endpoint);
    const early = judgeSuccess(first, sample);
    const root = first.answer?.artifacts?.[0]?.root;
    if (early.length > 0 || root === undefined) return ['the first, healthy run failed', ...early];
    row.tamper?.(root);
    const asked = s3.requests.length;
    const trial = await world.load(s3.endpoint);
    const problems = [...judgeAlways(trial, world, deadlineMs), ...judgeSuccess(trial, sample)];
    const requests = s3.requests.length - asked;
    if (requests !== row.requests) problems.push(`${row.requests} requests expected, found ${requests}`);
    return problems;
  } finally {
    await s3.close();
  }
}

async function performKill(row: KillRow, world: World, bench: Bench): Promise<string[]> {
  let kill = () => {};
  const s3 = await startChaosS3(killing(row, bench.sample.zip, () => kill()));
  try {
    const killed = await world.load(s3.endpoint, {
      onStart: stop => {
        kill = stop;
      },
    });
    // It may have been faster than the axe; then the second run meets a complete copy, which is as good a test.
    const problems = killed.signal === null ? judgeAlways(killed, world, bench.deadlineMs) : [];
    return [...problems, ...(await recovers(world, bench))];
  } finally {
    await s3.close();
  }
}

/** Serves the object up to the moment of the row, then kills. */
function killing({ when }: KillRow, zip: Buffer, kill: () => void): Step {
  return (_request, response) => {
    if (when === 'request') return kill();
    response.writeHead(200, { 'content-length': zip.length, etag: etagOf(zip) });
    if (when === 'headers') {
      response.flushHeaders();
      return kill();
    }
    if (when === 'half') {
      response.write(zip.subarray(0, zip.length / 2), kill);
      return;
    }
    response.end(zip, () => setTimeout(kill, when.msAfterBody));
  };
}

async function performMany(row: ManyRow, world: World, { sample, deadlineMs }: Bench): Promise<string[]> {
  const s3 = await startChaosS3(serve(sample.zip));
  // They share the processors, so each gets the time of all.
  const patience = deadlineMs * row.processes;
  try {
    const runs = Array.from({ length: row.processes }, () =>
      world.load(s3.endpoint, { deadlineMs: patience }),
    );
    const trials = await Promise.all(runs);
    return trials.flatMap(trial => [...judgeAlways(trial, world, patience), ...judgeSuccess(trial, sample)]);
  } finally {
    await s3.close();
  }
}

async function performPlanted(world: World, { sample, deadlineMs }: Bench): Promise<string[]> {
  const victim = path.join(world.folder, 'tmp/victim');
  fs.mkdirSync(victim);
  fs.symlinkSync(victim, world.dir);
  const s3 = await startChaosS3(serve(sample.zip));
  try {
    const trial = await world.load(s3.endpoint);
    const problems = judgeAlways(trial, world, deadlineMs);
    if (trial.answer?.ok) problems.push(...judgeSuccess(trial, sample));
    if (fs.readdirSync(victim).length > 0) problems.push('writes through a planted link');
    return problems;
  } finally {
    await s3.close();
  }
}

/** Whatever a failed or killed run left behind: with a healthy store the next one must succeed. */
async function recovers(world: World, { sample, deadlineMs }: Bench): Promise<string[]> {
  const s3 = await startChaosS3(serve(sample.zip));
  try {
    const trial = await world.load(s3.endpoint);
    const problems = [...judgeAlways(trial, world, deadlineMs), ...judgeSuccess(trial, sample)];
    return problems.map(problem => `the next run: ${problem}`);
  } finally {
    await s3.close();
  }
}
