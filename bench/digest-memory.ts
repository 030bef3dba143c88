/**
 * Peak memory of the service above its own idle (Linux), and time, for archives at its limits and for hostile ones. Each
 * request goes to a process of its own that has answered a small one before, so that idle is idle.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { archiveOf } from '../test/src/helpers/tar.ts';
import { type MeasuredArchive, makeArchives } from './digest/archives.ts';
import type { Bench, Result } from './support/result.ts';
import { summarise } from './support/statistics.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const key = 'key-of-the-measurement';
const server = fileURLToPath(new URL('./digest/memory-server.ts', import.meta.url));
const wanted = { mebibytes: 120, hostileSeconds: 1 };

export const bench: Bench = { name: 'digest-memory', run };

async function run(progress: (line: string) => void): Promise<Result> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-memory-'));
  try {
    const cases = makeArchives(folder);
    const measured: Measured[][] = cases.map(() => []);
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}`);
      for (const [index, each] of cases.entries()) measured[index]?.push(await measure(each));
    }
    return report(cases, measured);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Measured {
  readonly status: number;
  readonly above: number;
  readonly seconds: number;
  readonly answerBytes: number;
}

async function measure({ kind, archive, path }: MeasuredArchive): Promise<Measured> {
  const small = archiveOf([{ path: 'a.txt', content: 'a' }]);
  const gitHub = createServer((req, res) => {
    const asked = req.url ?? '';
    if (asked.includes('/commits/')) res.end('1'.repeat(40));
    else if (asked.startsWith('/repos/warm/')) res.end(small);
    else if (asked.includes('/tarball/') && kind === 'zip') res.writeHead(404).end();
    else res.end(archive);
  }).listen(0, '127.0.0.1');
  await once(gitHub, 'listening');
  const child = fork(server, [`http://127.0.0.1:${(gitHub.address() as AddressInfo).port}`, key], {
    execArgv: ['--expose-gc'],
  });
  try {
    const [port] = (await once(child, 'message')) as [number];
    const memory = async () => {
      child.send('memory');
      return ((await once(child, 'message')) as [{ peak: number; now: number }])[0];
    };
    await request(port, '/github-digest/markdown?owner=warm&name=up&filter_starts_with=');
    const { now: idle } = await memory();
    const start = performance.now();
    const { status, bytes } = await request(port, path);
    const seconds = (performance.now() - start) / 1_000;
    return { status, above: (await memory()).peak - idle, seconds, answerBytes: bytes };
  } finally {
    child.kill();
    gitHub.closeAllConnections();
    gitHub.close();
  }
}

async function request(port: number, path: string): Promise<{ status: number; bytes: number }> {
  const asked = get({ host: '127.0.0.1', port, path, headers: { 'x-api-key': key } });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of answer) bytes += (chunk as Buffer).length;
  return { status: answer.statusCode ?? 0, bytes };
}

function report(cases: readonly MeasuredArchive[], measured: readonly (readonly Measured[])[]): Result {
  const rows = cases.map(({ name }, index) => {
    const all = measured[index] ?? [];
    return {
      contender: name,
      figures: {
        'MiB above idle': summarise(all.map(({ above }) => above)),
        s: summarise(all.map(({ seconds }) => seconds)),
        status: summarise(all.map(({ status }) => status)),
        'answer MB': summarise(all.map(({ answerBytes }) => answerBytes / 1e6)),
      },
    };
  });
  const worst = (of: readonly (typeof rows)[number][], figure: 'MiB above idle' | 's') =>
    Math.max(...of.map(row => row.figures[figure].median));
  const hostile = rows.filter((_, index) => cases[index]?.isHostile);
  const honest = (kind: 'tar' | 'zip') =>
    rows.filter((_, index) => cases[index]?.kind === kind && !cases[index]?.isHostile);
  return {
    name: 'digest-memory',
    title: 'Memory of a digest, above idle',
    figure: 'MiB above idle',
    unit: 'MiB',
    rows,
    targets: [
      {
        text: `memory of a tar, which is what GitHub sends, of ${wanted.mebibytes} MiB`,
        ratio: worst(honest('tar'), 'MiB above idle') / wanted.mebibytes,
        reach: 1,
      },
      {
        text: `memory of a zip, of ${wanted.mebibytes} MiB`,
        ratio: worst(honest('zip'), 'MiB above idle') / wanted.mebibytes,
        reach: 1,
      },
      {
        text: `time of the hostile, of ${wanted.hostileSeconds} s`,
        ratio: worst(hostile, 's') / wanted.hostileSeconds,
        reach: 1,
      },
    ],
    notes: [
      ...cases.map(({ name, archive }) => `${name}: an archive of ${(archive.length / 1e6).toFixed(1)} MB.`),
      'GitHub is a server on loopback. The service ran for one small digest before; its peak is reset then. Node runs with --expose-gc, as Lambda starts it.',
    ],
  };
}
