/**
 * The digest of a whole repository: the service, started for this one request, which downloads the archive from a GitHub
 * on loopback, against repomix on the same files on disk. Both write one Markdown document; whole processes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRepositories, type Repository } from './digest/repositories.ts';
import type { Bench, Result, Row } from './support/result.ts';
import { ratioOf } from './support/result.ts';
import { type Contender, interleave, summarise } from './support/statistics.ts';

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const repomix = here('../node_modules/repomix/bin/repomix.cjs');
/** It leaves out whatever a pattern of its own names; here it takes the files that we take. */
const sameFiles = [
  '--quiet',
  '--style',
  'markdown',
  '--no-default-patterns',
  '--no-gitignore',
  '--no-dot-ignore',
];

export const bench: Bench = { name: 'digest', run };

type Command = (repository: Repository, output: string) => Promise<readonly string[]>;

async function run(progress: (line: string) => void): Promise<Result> {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(join(base, 'bench-digest-'));
  const servers: Server[] = [];
  try {
    const repositories = makeRepositories(folder);
    const urls = new Map<Repository, string>();
    for (const repository of repositories)
      urls.set(repository, await playGitHub(repository.archive, servers));
    const peer =
      (...more: string[]): Command =>
      async (repository, output) => [repomix, ...sameFiles, ...more, '--output', output, repository.folder];
    const commands: Readonly<Record<string, Command>> = {
      ours: async (repository, output) => [here('./digest/ours.ts'), urls.get(repository) ?? '', output],
      repomix: peer(),
      'repomix, no secret scan': peer('--no-security-check'),
    };
    const sizes = new Map<string, number>();
    const contenders = Object.entries(commands).map(
      ([name, command]): Contender => ({
        name,
        run: async () => {
          const figures: Record<string, number> = {};
          for (const repository of repositories) {
            const output = join(folder, 'output.md');
            const measured = await measure(await command(repository, output), folder);
            figures[`${repository.name} s`] = measured.seconds;
            figures[`${repository.name} MiB`] = measured.mebibytes;
            sizes.set(`${name}, ${repository.name}`, statSync(output).size);
          }
          return figures;
        },
      }),
    );
    const samples = await interleave(contenders, rounds, 0, progress);
    const rows = [...samples].map(([contender, figures]) => ({
      contender,
      figures: Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, summarise(values)])),
    }));
    return report(rows, repositories, sizes);
  } finally {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playGitHub(archive: Buffer, servers: Server[]): Promise<string> {
  const server = createServer((req, res) => {
    if (req.url?.includes('/commits/')) res.end('1'.repeat(40));
    else res.end(archive);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** From start to exit. The memory is that of the largest process; a child's would not be added to its parent's. */
async function measure(
  args: readonly string[],
  folder: string,
): Promise<{ seconds: number; mebibytes: number }> {
  const peaks = join(folder, 'peaks');
  rmSync(peaks, { force: true });
  const env = { ...process.env, PEAK_FILE: peaks, NODE_OPTIONS: `--import ${here('./support/peak.ts')}` };
  const start = performance.now();
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = (await once(child, 'exit')) as [number];
  const seconds = (performance.now() - start) / 1_000;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  const mebibytes = existsSync(peaks)
    ? Math.max(...readFileSync(peaks, 'utf8').trim().split('\n').map(Number))
    : Number.NaN;
  return { seconds, mebibytes };
}

function report(
  rows: readonly Row[],
  repositories: readonly Repository[],
  sizes: ReadonlyMap<string, number>,
): Result {
  const names = repositories.map(({ name }) => name);
  return {
    name: 'digest',
    title: 'Digest of a whole repository',
    figure: '50 MB s',
    unit: 's',
    rows,
    targets: names.flatMap(name => [
      {
        text: `time, ours / repomix, ${name}`,
        ratio: ratioOf(rows, `${name} s`, 'ours', 'repomix'),
        reach: 0.5,
      },
      {
        text: `memory, ours / repomix, ${name}`,
        ratio: ratioOf(rows, `${name} MiB`, 'ours', 'repomix'),
        reach: 1,
      },
    ]),
    notes: [
      ...repositories.map(
        ({ name, archive, files, textBytes }) =>
          `${name}: an archive of ${megabytes(archive.length)}, ${files} files, ${megabytes(textBytes)} of text.`,
      ),
      'Whole processes, from start to exit: ours starts the service, asks GitHub (a server on loopback) for the commit and the archive, and writes the answer to a file; repomix reads the files from disk. Memory: the peak of the largest process.',
      'Repomix counts tokens with a tokenizer; ours estimates them, four characters each. Both look for secrets, but for the last row.',
      `Documents: ${[...sizes].map(([name, size]) => `${name} ${megabytes(size)}`).join('; ')}.`,
    ],
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
