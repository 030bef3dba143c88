/** Loads packages in a child process under Lambda's flags and tells what they look like from outside. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TargetNode } from '../node.ts';

/** As Lambda starts Node: `require` of an ES module fails there. https://github.com/aws/aws-lambda-nodejs-runtime-interface-client */
export const lambdaFlags = ['--no-experimental-require-module', '--no-experimental-detect-module'];

const script = fileURLToPath(new URL('./probe.mjs', import.meta.url));
/** Long, because a build that gives up on a busy machine would make another artifact. */
const deadlineMs = 300_000;

/** One way of loading: the file it led to, and what came out of it. */
export interface Loaded {
  readonly file?: string;
  /** Milliseconds it took, after all that was loaded before. */
  readonly ms?: number;
  readonly shape?: unknown;
  readonly error?: string;
}

export interface Probe {
  readonly node: string;
  readonly specifiers: Readonly<Record<string, { readonly import: Loaded; readonly require: Loaded }>>;
  readonly files: Readonly<Record<string, Loaded>>;
  /** Location of a package → milliseconds in its own modules. */
  readonly times: Readonly<Record<string, number>>;
  /** CommonJS files that ran. */
  readonly loaded: readonly string[];
  readonly globals: readonly string[];
  readonly listeners: readonly string[];
}

export interface ProbeQuestion {
  /** Folder that holds node_modules. */
  readonly root: string;
  readonly specifiers: readonly string[];
  /** Absolute paths of CommonJS files whose export names are wanted. */
  readonly files: readonly string[];
}

/** Undefined when the child crashed, hung or ended the process by itself. `work` is a folder for its messages. */
export async function probePackages(
  question: ProbeQuestion,
  work: string,
  options: { readonly node: TargetNode; readonly signal?: AbortSignal | undefined },
): Promise<Probe | undefined> {
  const [asked, answered] = [join(work, 'question.json'), join(work, 'answer.json')];
  writeFileSync(asked, JSON.stringify(question));
  writeFileSync(answered, '');
  const flags = [...lambdaFlags, '--experimental-import-meta-resolve', '--no-warnings'];
  await new Promise<void>(done => {
    const child = spawn(options.node.path, [...flags, script, asked, answered], {
      cwd: work,
      // Packages look at the environment when they load; the builder's own must not decide what is found.
      env: { PATH: process.env['PATH'], HOME: work, TZ: 'UTC' },
      stdio: 'ignore',
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    child.on('error', () => done());
    child.on('close', () => done());
  });
  options.signal?.throwIfAborted();
  try {
    return JSON.parse(readFileSync(answered, 'utf8')) as Probe;
  } catch {
    return undefined;
  }
}
