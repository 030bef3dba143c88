/** Starts load-child.ts: bundled once, so that fifty processes cost seconds and not minutes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { rolldown } from 'rolldown';
import type { LoaderEvent } from '../../handler/loader.ts';
import { isTwoThreads } from './threads.ts';

export interface LoadResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly stdout: string;
  readonly sources?: Readonly<Record<string, string>>;
  readonly imported?: unknown;
  readonly error?: {
    readonly name: string;
    readonly code: string;
    readonly message: string;
    readonly details: Record<string, unknown>;
  };
  readonly events?: readonly LoaderEvent[];
  readonly peakKb?: number;
}

/** One file with everything in it, minified as the handler is in a function package. */
export async function bundle(entry: URL): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bundle-'));
  const file = path.join(folder, 'bundle.mjs');
  await bundleInto(entry, file);
  // named as in the sources, where the loader looks for it
  if (isTwoThreads) await bundleInto(secondThread, path.join(folder, 'second-thread.ts'));
  return file;
}

const secondThread = new URL('../../handler/second-thread.ts', import.meta.url);

async function bundleInto(entry: URL, file: string): Promise<void> {
  const build = await rolldown({ input: fileURLToPath(entry), platform: 'node', logLevel: 'silent' });
  await build.write({ file, format: 'esm', minify: true, codeSplitting: false });
  await build.close();
}

/**
 * Runs `command` (the last word is usually a script) and reads the JSON line it prints. `wrap` is a shell line in
 * which `"$@"` stands for the command, for mounts and limits.
 */
export async function runLoad(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  wrap?: { readonly by?: readonly string[]; readonly shell: string },
): Promise<LoadResult> {
  const words = wrap === undefined ? command : [...(wrap.by ?? []), 'sh', '-c', wrap.shell, 'sh', ...command];
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, name) => resolve([code, name]));
  });
  return { status, signal, stderr, stdout, ...lineIn(stdout) };
}

/** Runs a script in a worker thread of this process, as Lambda Managed Instances do, and reads the JSON line it prints. */
export async function runLoadInThread(script: string, env: NodeJS.ProcessEnv): Promise<LoadResult> {
  const worker = new Worker(script, { env, stdout: true });
  let stdout = '';
  worker.stdout.on('data', chunk => {
    stdout += chunk;
  });
  const [status] = (await once(worker, 'exit')) as [number];
  return { status, signal: null, stderr: '', stdout, ...lineIn(stdout) };
}

/** The last line, where it is one of load-child.ts. */
function lineIn(stdout: string): Partial<LoadResult> {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  return line.startsWith('{') ? JSON.parse(line) : {};
}
