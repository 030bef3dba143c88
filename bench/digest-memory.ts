/**
 * Peak memory of the service while it reads repository archives at its limits, above its own idle.
 *
 *   node bench/digest-memory.ts        (Linux; wanted: at most 120 MB above idle)
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { archiveOf, type TarFile } from '../test/src/helpers/tar.ts';

/** For the request before the measured one. */
const small = archiveOf([{ path: 'a.txt', content: 'a' }]);
const mega = 1024 * 1024;
const commit = '1'.repeat(40);

/** Half of it binary, so that gzip cannot shrink it; the text below the limit on texts. */
function fiftyMegabytes(): Buffer {
  const binary: TarFile[] = Array.from({ length: 42 }, (_, i) => ({
    path: `bin/${i}.dat`,
    content: Buffer.concat([Buffer.alloc(1), randomBytes(mega)]),
  }));
  const text: TarFile[] = Array.from({ length: 1500 }, (_, i) => ({
    path: `src/${i % 40}/file-${i}.txt`,
    content: randomBytes(3.9 * 1024)
      .toString('base64')
      .replace(/.{60}/g, '$&\n'),
  }));
  const filler: TarFile[] = Array.from({ length: 20 }, (_, i) => ({
    path: `blank/${i}`,
    content: Buffer.alloc(4.5 * mega),
  }));
  return archiveOf([...binary, ...text, ...filler]);
}

const cases: readonly (readonly [name: string, make: () => Buffer, path: string])[] = [
  ['statistics of a 50 MB archive', fiftyMegabytes, '/github-stats/files-by-size?limit=5'],
  ['digest of its texts', fiftyMegabytes, '/github-digest/markdown?filter_starts_with=src'],
  ['digest of 15.9 MB of text', () => archiveOf(texts(159)), '/github-digest/markdown?filter_starts_with='],
  ['20 MB of text: 413', () => archiveOf(texts(200)), '/github-digest/markdown?filter_starts_with='],
  ['a bomb of 190 MB: 413', () => archiveOf(blanks()), '/github-stats/files-by-size'],
];

function texts(count: number): TarFile[] {
  const line = 'The quick brown fox jumps over the lazy dog.\n';
  return Array.from({ length: count }, (_, i) => ({
    path: `f${i}.txt`,
    content: `${i}\n${line.repeat(Math.floor((0.1 * mega) / line.length))}`,
  }));
}

function blanks(): TarFile[] {
  return Array.from({ length: 40 }, (_, i) => ({ path: `z${i}`, content: Buffer.alloc(4.75 * mega) }));
}

if (process.argv[2] === 'serve') await import('./support/digest-memory-server.ts');
else await measureAll();

async function measureAll(): Promise<void> {
  for (const [name, make, path] of cases) {
    const archive = make();
    const gitHub = createServer((req, res) => {
      if (req.url?.includes('/commits/')) res.end(commit);
      else if (req.url?.startsWith('/repos/warm/')) res.end(small);
      else res.end(archive);
    });
    gitHub.listen(0, '127.0.0.1');
    await once(gitHub, 'listening');
    const url = `http://127.0.0.1:${(gitHub.address() as AddressInfo).port}`;
    const child = fork(import.meta.filename, ['serve', url, path]);
    const [result] = (await once(child, 'message')) as [
      { status: number; bytes: number; idle: number; peak: number; ms: number },
    ];
    const above = Math.round((result.peak - result.idle) / mega);
    const sizes = `archive ${(archive.length / mega).toFixed(1)} MB, answer ${(result.bytes / mega).toFixed(1)} MB`;
    process.stdout.write(
      `${name}: ${result.status}, ${above} MB above ${Math.round(result.idle / mega)} MB idle, ${result.ms} ms (${sizes})\n`,
    );
    gitHub.closeAllConnections();
    gitHub.close();
  }
}
