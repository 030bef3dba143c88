/** Servers from Debian's packages, unpacked into a folder and run there on loopback; nothing of this machine is changed. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, quote } from '../../local-aws/sandbox/shell.ts';
import { cache, execute } from './tools.ts';

export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** Why no server can be had here, or undefined. */
export function lacking(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, for chroot';
  const missing = ['apt-get', 'dpkg-deb', 'unshare', 'chroot'].filter(name => !findProgram(name));
  return missing.length === 0 ? undefined : `no ${missing.join(', ')} on this machine`;
}

/** The folder with these packages; made the first time, which takes half a minute and some 300 MB. */
export async function unpackDebian(
  name: string,
  packages: readonly string[],
  suite: 'sid' | 'bookworm',
): Promise<string> {
  const folder = path.join(cache, name);
  const script = path.join(import.meta.dirname, 'debian.sh');
  const made = await execute('bash', [script, suite, folder, 'dash', 'coreutils', ...packages]);
  if (made.status !== 0) throw new Error(`${packages[0]} could not be unpacked: ${made.output.slice(-1000)}`);
  return folder;
}

/** Ports in a row that nobody listens on now. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 20_000);
    const each = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (each.every(free => free)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** Runs `script` in the folder, in namespaces that end with it, and waits until `url` answers. */
export async function serve(folder: string, script: string, url: string): Promise<Server> {
  const prepare = ['dev', 'proc', 'sys'].map(name => `mkdir -p ${quote(path.join(folder, name))}`);
  const inside = [
    ...prepare,
    `mount --rbind /dev ${quote(path.join(folder, 'dev'))}`,
    `mount -t proc proc ${quote(path.join(folder, 'proc'))}`,
    `exec chroot ${quote(folder)} /bin/sh -c ${quote(script)}`,
  ].join(' && ');
  const flags = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const child = spawn('unshare', [...flags, 'sh', '-c', inside], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => (said += piece));
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  for (let left = 400; left > 0 && child.exitCode === null; left--) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return { url, stop };
    await sleep(500);
  }
  await stop();
  throw new Error(`the server did not answer: ${said.slice(-1000)}`);
}
