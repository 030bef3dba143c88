/** What a cold process spends on the packaged handler alone: its import, the first request, the second. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { bundleHandler } from '../../layer-builder/package/handler.ts';
import { eventOf } from '../../test/handler/edge/events.ts';
import type { Summary } from '../support/statistics.ts';
import { summarise } from '../support/statistics.ts';

const processes = 21;

export type ColdFigure = 'start' | 'import' | 'first' | 'second';

/** Milliseconds by figure: until the first line of a module runs, the import with its init phase, two requests. */
export async function measureCold(): Promise<Readonly<Record<ColdFigure, Summary>>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-edge-'));
  try {
    await writePackage(folder);
    const samples: Record<ColdFigure, number[]> = { start: [], import: [], first: [], second: [] };
    for (let run = -1; run < processes; run += 1) {
      const figures = await runProcess(folder);
      if (run < 0) continue;
      for (const figure of Object.keys(samples) as ColdFigure[]) samples[figure].push(figures[figure]);
    }
    return {
      start: summarise(samples.start),
      import: summarise(samples.import),
      first: summarise(samples.first),
      second: summarise(samples.second),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The handler of a function package with the smallest app there is, and nothing to resolve. */
async function writePackage(folder: string): Promise<void> {
  const lock = {
    formatVersion: 1,
    service: 'bench',
    runtime: 'nodejs24.x',
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
    artifacts: [],
  };
  const files: [string, string | Buffer][] = [
    ...(await bundleHandler()).map((file): [string, Buffer] => [file.path, file.bytes]),
    ['deps.lock.json', JSON.stringify(lock)],
    ['app.mjs', 'export default (request, response) => response.end("{}");'],
    ['run.mjs', script],
  ];
  for (const [name, content] of files) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
}

const script = `
  const start = performance.now();
  const { handler } = await import('./index.mjs');
  const imported = performance.now();
  const event = ${JSON.stringify(eventOf('http-v2'))};
  const context = { awsRequestId: 'id', getRemainingTimeInMillis: () => 3000 };
  await handler(event, context);
  const first = performance.now();
  await new Promise(setImmediate);
  const between = performance.now();
  await handler(event, context);
  const second = performance.now();
  process.stderr.write(JSON.stringify({ start, import: imported - start, first: first - imported, second: second - between }));
  process.exit();
`;

async function runProcess(folder: string): Promise<Record<ColdFigure, number>> {
  const child = spawn(process.execPath, ['--no-experimental-require-module', path.join(folder, 'run.mjs')], {
    cwd: folder,
    env: { LAMBDA_TASK_ROOT: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return JSON.parse(await text(child.stderr)) as Record<ColdFigure, number>;
}
