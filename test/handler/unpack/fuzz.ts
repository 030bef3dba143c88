/**
 * C18 by hand: as many damaged archives as one likes, and a second opinion on those that are accepted.
 *
 *   node test/handler/unpack/fuzz.ts 1000000 [seed]
 *
 * Fails on an error without a code, on a path that leaves the folder, and when a damaged archive that is accepted
 * with another tree than its origin's reads differently in Python, unzip or bsdtar. Prints the slowest case.
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HandlerError } from '../../../handler/errors.ts';
import { unpack } from '../../../handler/unpack.ts';
import { mutate, seeded } from '../../support/zips/mutate.ts';
import { findReaders, readFolder } from '../../support/zips/readers.ts';
import { soundArchives } from '../../support/zips/sound.ts';
import { readFixture, readFixtures, treeInMemory, verdictOn } from './support.ts';

const count = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_007);
const random = seeded(seed);
const largest = 4_096;
const origins = [...soundArchives.map(({ zip }) => zip), ...readFixtures().map(readFixture)].filter(
  zip => zip.length > 0 && zip.length <= largest,
);
const known = new Set(origins.map(verdictOn));
/** Trees that no origin has, each once: archives that a change made into others. */
const changed = new Map<string, Buffer>();
const tally = new Map<string, number>();
let slowest = 0;

for (let done = 0; done < count; done++) {
  const pick = () => origins[random() % origins.length] ?? Buffer.alloc(0);
  const mutant = mutate(pick(), pick(), random);
  const start = performance.now();
  const verdict = judge(mutant);
  slowest = Math.max(slowest, performance.now() - start);
  const key = verdict.startsWith('sha256:') ? 'accepted' : verdict;
  tally.set(key, (tally.get(key) ?? 0) + 1);
  if (key === 'accepted' && !known.has(verdict) && changed.size < 2_000) changed.set(verdict, mutant);
}
const differences = compare();
process.stdout.write(
  `${JSON.stringify({ seed, count, slowestMs: Math.round(slowest), changed: changed.size, tally: Object.fromEntries([...tally].sort()) }, null, 2)}\n`,
);
process.exitCode = differences === 0 ? 0 : 1;

function judge(zip: Buffer): string {
  try {
    return treeInMemory(zip);
  } catch (error) {
    if (error instanceof HandlerError && error.code.startsWith('ZIP_')) return error.code;
    fs.writeFileSync(join(tmpdir(), `fuzz-${seed}.zip`), zip);
    throw error;
  }
}

/** Unpacks every changed archive and asks the other readers. Returns the number of disagreements. */
function compare(): number {
  const folder = fs.mkdtempSync(join(tmpdir(), 'unpack-fuzz-'));
  try {
    const zips = [...changed.values()].map((zip, index) => {
      const path = join(folder, `${index}.zip`);
      fs.writeFileSync(path, zip);
      unpack(zip, join(folder, 'ours', `${index}`));
      return path;
    });
    let differences = 0;
    const { present, absent } = findReaders();
    for (const name of absent) process.stderr.write(`SKIPPED: ${name} is not installed\n`);
    for (const reader of present) {
      for (const [index, reading] of reader.read(zips, join(folder, reader.name)).entries()) {
        const ours = readFolder(join(folder, 'ours', `${index}`));
        if (same(reading, ours)) continue;
        differences++;
        const kept = join(tmpdir(), `fuzz-${seed}-${index}.zip`);
        fs.copyFileSync(zips[index] as string, kept);
        process.stderr.write(
          `${reader.name} reads ${kept} as ${JSON.stringify(reading)}, we as ${JSON.stringify(ours)}\n`,
        );
      }
    }
    return differences;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function same(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown) => JSON.stringify(Object.entries(value ?? {}).sort());
  return typeof a === typeof b && sorted(a) === sorted(b);
}
