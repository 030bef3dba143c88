/**
 * What the first request of a process costs, by its route: the bundle that is deployed, one process each. A route pays for
 * its own code only; beside it, the same request where the code of all routes was loaded first. The pages are in a
 * lazy artifact, which the handler's loader takes from the layer or from S3.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { unpack } from '../handler/unpack.ts';
import { buildProject } from '../layer-builder/build/index.ts';
import { readProject } from '../layer-builder/read/project.ts';
import type { Bench, Result } from './support/result.ts';
import { ratioOf } from './support/result.ts';
import { interleave, summarise } from './support/statistics.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 15);
const root = fileURLToPath(new URL('../', import.meta.url));
const child = fileURLToPath(new URL('./routes/child.ts', import.meta.url));
const digest = '/github-digest/markdown?owner=acme&name=sample&filter_starts_with=';
const requests = {
  '/info/version': ['/info/version', 'lazy'],
  '/info/version, all code loaded first': ['/info/version', 'eager'],
  '/docs, from the layer': ['/docs', 'lazy', 'layer'],
  '/docs, from S3': ['/docs', 'lazy', 's3'],
  '/github-stats/files-by-size': ['/github-stats/files-by-size?owner=acme&name=sample', 'lazy'],
  '/github-digest/markdown': [digest, 'lazy'],
} as const;

export const bench: Bench = { name: 'routes', run };

async function run(progress: (line: string) => void): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-routes-'));
  const { lock, artifacts } = await buildProject(root, { progress });
  const pages = artifacts.find(({ name }) => name === 'pages');
  if (pages === undefined) throw new Error('expected an artifact pages');
  const others = await playOthers(pages.path);
  try {
    unpack(readFileSync(pages.path), join(folder, 'opt'));
    const published = { 'us-east-1': { bucket: 'artifacts' } };
    const own = lock.artifacts.flatMap(one => (one.name === 'pages' ? [{ ...one, published }] : []));
    writeFileSync(join(folder, 'lock.json'), JSON.stringify({ ...lock, artifacts: own }));
    const { bundle } = await readProject(root);
    for (const { path, bytes } of bundle.files) writeFileSync(join(folder, path), bytes);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const contenders = Object.entries(requests).map(([name, [path, mode, source = 'layer']]) => ({
      name,
      run: async () => measure([child, folder, path, mode, source, others.url]),
    }));
    const samples = await interleave(contenders, rounds, 1, progress);
    const rows = [...samples].map(([contender, figures]) => ({
      contender,
      figures: Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, summarise(values)])),
    }));
    const [lazy, eager] = ['/info/version', '/info/version, all code loaded first'];
    const ratio = (figure: string) => ratioOf(rows, figure, lazy, eager);
    return {
      name: 'routes',
      title: 'The first request, by its route',
      figure: 'ms',
      unit: 'ms',
      rows,
      targets: [
        { text: 'own code read for /info/version / all of it', ratio: ratio('own kB'), reach: 0.5 },
        {
          text: 'bytes of artifacts loaded for /info/version / for /docs',
          ratio: ratioOf(rows, 'artifact kB', '/info/version', '/docs, from S3'),
          reach: 0,
        },
        { text: 'time of /info/version / with all code loaded first', ratio: ratio('ms'), reach: 1 },
      ],
      notes: [
        'From the import of app.mjs to the last byte of the answer, on a plain server, without a compile cache. Own: files of the bundle that were loaded. Artifact: the zip of what was loaded beside. That /info/version loads nothing of the others is held by test/src/cold-start.test.ts.',
      ],
    };
  } finally {
    await others.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** GitHub, and an S3 that holds one artifact. */
async function playOthers(artifact: string): Promise<{ url: string; close(): Promise<unknown> }> {
  const worker = new Worker(new URL('./routes/others.ts', import.meta.url), { workerData: artifact });
  const [port] = (await once(worker, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}`, close: () => worker.terminate() };
}

function measure(args: readonly string[]): Record<string, number> {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const { status: answered, ...figures } = JSON.parse(stdout) as Record<string, number>;
  if (answered !== 200) throw new Error(`${args[2]} answered ${answered}`);
  return figures;
}
