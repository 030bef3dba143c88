/** Unthrottled: a plain Node under Lambda's flags and user, from its start to the first answer. */
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalAws } from '../../local-aws/index.ts';
import { functionCommand } from '../../local-aws/sandbox/variables.ts';
import type { Answered, Place } from './places.ts';
import { driver } from './programs.ts';

/** Memory of the functions in MB: Node's flags depend on it, in the sandbox the share of a core too. */
export const memoryMb = 512;

export const lambdaFlags: readonly string[] = functionCommand(
  { runtime: 'nodejs24.x', memoryMb, variables: {} },
  { node: '', runtime: '' },
).slice(1, -1);

/** Whose compile cache Node looks for; only root can start a process as another user. */
export const lambdaUser = process.getuid?.() === 0 ? { uid: 993, gid: 990 } : {};

/** A folder, empty, that the children may write. */
export function openFolder(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (lambdaUser.uid !== undefined) chownSync(folder, lambdaUser.uid, lambdaUser.gid);
  return folder;
}

/** What all starts of one benchmark share. */
export interface Folders {
  readonly folder: string;
  /** What the functions write goes here. */
  readonly written: string;
  readonly driver: string;
}

/** The driver's file in `folder`, outside of what other users cannot read. */
export function writeDriver(folder: string): string {
  const file = join(folder, 'driver.mjs');
  writeFileSync(file, driver);
  return file;
}

/** One cold start of a place: what it answered and the figures. */
export async function timePlace(
  place: Place,
  event: object,
  folders: Folders,
  local: LocalAws,
): Promise<Answered> {
  const into = openFolder(join(folders.written, 'tmp'));
  const env = {
    PATH: process.env['PATH'],
    HOME: folders.folder,
    AWS_ENDPOINT_URL: local.endpoint,
    AWS_REGION: local.region,
    AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
    DEPS_LAYER_ROOT: place.layer,
    DEPS_DIR: into,
    BENCH_INTO: into,
    ...place.variables,
  };
  const answer = await timeNode([folders.driver, join(place.task, 'index.mjs'), JSON.stringify(event)], env);
  const written = readdirSync(into, { recursive: true, withFileTypes: true }).filter(item => item.isFile());
  return {
    ...answer,
    figures: { ...answer.figures, 'fetched MB': place.fetched / 1e6, 'files written': written.length },
  };
}

/** Starts Node and answers what the driver said, and the milliseconds until then. */
function timeNode(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [...lambdaFlags, ...args], { env, cwd: '/', ...lambdaUser });
    let output = '';
    let complaint = '';
    let ms = 0;
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (ms === 0 && output.includes('ANSWER')) ms = performance.now() - start;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      complaint += chunk;
    });
    child.on('error', reject);
    child.on('close', () => {
      const [, json] = output.split('ANSWER');
      if (json === undefined) return reject(new Error(`${args[1]} gave no answer: ${complaint}${output}`));
      const { status, body, rss, cpu } = JSON.parse(json);
      resolve({ status, body, figures: { ms, 'CPU ms': cpu / 1000, 'RSS MB': rss / 1e6 } });
    });
  });
}
