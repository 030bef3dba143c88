/** How judges are brought and run: pinned packages from npm in a cache, programs of the machine where they are. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findProgram } from '../../local-aws/sandbox/shell.ts';
import type { Judgement } from './types.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const cache = path.join(root, 'node_modules/.cache/judges');

/** Exact versions: a judge that changes by itself is none. Their install scripts do not run. */
export const versions = {
  '@actions/workflow-parser': '0.3.61',
  '@action-validator/core': '0.6.0',
  '@cdktf/hcl2json': '0.21.0',
  '@cdktf/provider-aws': '21.22.1',
  'aws-cdk-lib': '2.276.0',
  constructs: '10.8.1',
  'js-yaml': '5.5.0',
  osls: '4.3.1',
} as const;
export type Tool = keyof typeof versions;

/** The folder of a package; installed the first time, alone or with those that it needs beside it. */
export async function bring(...names: Tool[]): Promise<string> {
  const folder = path.join(cache, names.map(name => `${name.replace('/', '+')}@${versions[name]}`).join(','));
  if (!existsSync(path.join(folder, 'done'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{"private":true,"type":"module"}');
    const wanted = names.map(name => `${name}@${versions[name]}`);
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps'];
    const run = await execute('npm', ['install', '--save-exact', ...quiet, ...wanted], { cwd: folder });
    if (run.status !== 0)
      throw new Error(`npm could not bring ${wanted.join(', ')}: ${run.output.slice(-500)}`);
    writeFileSync(path.join(folder, 'done'), '');
  }
  return folder;
}

/** The exports of a module of a package that `bring` brought. */
export async function load<Exports>(folder: string, file: string): Promise<Exports> {
  return (await import(pathToFileURL(path.join(folder, 'node_modules', file)).href)) as Exports;
}

export interface Run {
  readonly status: number;
  readonly stdout: string;
  /** Everything that it wrote. */
  readonly output: string;
}

/** Runs a program to its end; a failure is an answer. */
export function execute(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Run> {
  return new Promise(resolve => {
    execFile(program, args, { maxBuffer: 1 << 27, ...options }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
      resolve({ status, stdout, output: stdout + stderr });
    });
  });
}

/** Judges by a program of this machine; `skipped` where it is not. */
export async function byProgram(
  program: string,
  what: string,
  judge: (version: string) => Promise<Run>,
): Promise<Judgement> {
  if (!findProgram(program)) {
    return { what, judge: program, verdict: 'skipped', said: `no ${program} on this machine` };
  }
  const version = (await execute(program, ['--version'])).output.trim().split('\n')[0] ?? program;
  return verdictOf(what, version, await judge(version));
}

/** Passed when it ended with 0; else with the end of what it said. */
export function verdictOf(what: string, judge: string, { status, output }: Run): Judgement {
  if (status === 0) return { what, judge, verdict: 'passed' };
  return { what, judge, verdict: 'failed', said: `status ${status}\n${output.slice(-3000)}` };
}
