/** The small world of one row: an artifact, its lock, folders to watch, and the loader as a process. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { digestOf, treeOf } from '../../artifact/digest.ts';
import { markerPath, modulesPath, objectKey } from '../../artifact/layout.ts';
import type { Architecture, Lock, LockArtifact, Runtime } from '../../artifact/lock.ts';
import { formatLock, lockFileName } from '../../artifact/lock.ts';
import type { ArtifactFile } from '../build/file.ts';
import { fileOf } from '../build/file.ts';
import { writeZip } from '../build/zip.ts';
import type { Answer, Trial } from './types.ts';

/** Credentials that must never show up in what a loader prints. */
export const canaries = ['canary/secret+key', 'canary-session-token'] as const;

export interface Sample {
  readonly zip: Buffer;
  readonly artifact: LockArtifact;
  readonly files: readonly ArtifactFile[];
}

export interface LoadOptions {
  /** Gets the means to kill the loader. */
  readonly onStart?: (kill: () => void) => void;
  /** Instead of the world's own. */
  readonly deadlineMs?: number;
}

export interface World {
  /** Everything of this row; `DEPS_DIR` lies four folders deeper, so that a path that escapes stays visible. */
  readonly folder: string;
  readonly dir: string;
  load(endpoint: string, options?: LoadOptions): Promise<Trial>;
  close(): void;
}

const runtime = `nodejs${process.versions.node.split('.', 1)[0]}.x` as Runtime;
const architecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';

/** A package with both module systems, some bulk that does not compress, and a marker. */
export async function makeSample(): Promise<Sample> {
  const content = [
    fileOf(`${modulesPath}/small/package.json`, '{"name":"small","version":"1.0.0","main":"index.cjs"}'),
    fileOf(`${modulesPath}/small/index.cjs`, 'module.exports = "small";\n'),
    fileOf(`${modulesPath}/small/index.mjs`, 'export default "small";\n'),
    fileOf(`${modulesPath}/small/bulk.bin`, noise(60_000)),
  ];
  const tree = treeOf(content);
  const marker = { formatVersion: 1, name: 'core', tree, runtime, architecture };
  const files = [...content, fileOf(markerPath('core'), `${JSON.stringify(marker)}\n`)];
  const zip = await writeZip(files);
  return {
    zip,
    files,
    artifact: entryOf(
      zip,
      files.length,
      files.reduce((sum, { size }) => sum + size, 0),
      tree,
    ),
  };
}

/** The entry of a lock that promises these bytes. */
export function entryOf(
  zip: Buffer,
  files: number,
  unpackedSize: number,
  tree = digestOf(zip),
): LockArtifact {
  const digest = digestOf(zip);
  return {
    name: 'core',
    load: 'eager',
    digest,
    tree,
    size: zip.length,
    unpackedSize,
    files,
    packages: [{ name: 'small', version: '1.0.0' }],
    s3: { key: objectKey(digest) },
    published: { 'us-east-1': { bucket: 'conform' } },
  };
}

export function makeWorld(command: readonly string[], artifact: LockArtifact, deadlineMs: number): World {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'conform-'));
  const dir = path.join(folder, 'a/b/c/deps');
  for (const name of ['a/b/c', 'home', 'tmp', 'cwd'])
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  const lock: Lock = { formatVersion: 1, service: 'conform', runtime, architecture, artifacts: [artifact] };
  const lockFile = path.join(folder, lockFileName);
  fs.writeFileSync(lockFile, formatLock(lock));
  const env = {
    PATH: process.env['PATH'],
    HOME: path.join(folder, 'home'),
    TMPDIR: path.join(folder, 'tmp'),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDCONFORM',
    AWS_SECRET_ACCESS_KEY: canaries[0],
    AWS_SESSION_TOKEN: canaries[1],
    DEPS_LOCK: lockFile,
    DEPS_SOURCE: 's3',
    DEPS_DIR: dir,
    DEPS_LAYER_ROOT: path.join(folder, 'no-layer'),
  };
  return {
    folder,
    dir,
    load: (endpoint, options = {}) => {
      const limit = options.deadlineMs ?? deadlineMs;
      const all = { ...env, AWS_ENDPOINT_URL_S3: endpoint, DEPS_DEADLINE_MS: String(limit) };
      return run(command, path.join(folder, 'cwd'), all, limit, options.onStart);
    },
    close: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

/** A loader that is far too late is killed, so that no row hangs. */
function run(
  command: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  deadlineMs: number,
  onStart?: (kill: () => void) => void,
): Promise<Trial> {
  const [program = '', ...args] = command;
  const startedAt = performance.now();
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const late = setTimeout(() => child.kill('SIGKILL'), 2 * deadlineMs + 5000);
  onStart?.(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearTimeout(late);
      const ms = performance.now() - startedAt;
      resolve({ answer: answerIn(stdout), status, signal, ms, output: `${stdout}\n${stderr}` });
    });
  });
}

/** The last line, when it is an answer of the protocol. */
function answerIn(stdout: string): Answer | undefined {
  try {
    const value = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Partial<Answer>;
    return typeof value.ok === 'boolean' ? { ...value, ok: value.ok } : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes without a pattern, the same every time. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[i] = state >> 16;
  }
  return bytes;
}
