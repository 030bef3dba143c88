/** Runs the handler's loader in a process of its own, with the flags and the environment that Lambda gives it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ErrorFacts } from '../../artifact/error.ts';
import { CodedError } from '../../artifact/error.ts';
import type { ResolvedArtifact } from '../../handler/loader.ts';
import { fail } from '../errors.ts';

/** What the child says. Errors cross the process as plain data. */
export type LoadAnswer =
  | { readonly ok: true; readonly ms: number; readonly artifacts: readonly ResolvedArtifact[] }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly details: ErrorFacts['details'];
    };

export interface LoadRun {
  /** The Node of the lock's runtime; another one is refused by the loader itself (`DEPS_RUNTIME_MISMATCH`). */
  readonly node: string;
  /** Absolute path of the lock. */
  readonly lockPath: string;
  readonly source: 's3' | 'layer';
  /** `DEPS_DIR` of the child. */
  readonly dir: string;
  /** What the child takes for /opt. */
  readonly layerRoot: string;
  /** What the child takes for /var/task. */
  readonly taskRoot: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** Lambda's runtime starts Node so: `require` of an ES module fails there. Types are stripped as in bin.js. */
const flags = ['--no-experimental-require-module', '--import', new URL('../strip.js', import.meta.url).href];

/** Throws the loader's own coded error (`DEPS_*`, `LOCK_*`, `ZIP_*`), `LOAD_FAILED` when the child dies. */
export async function runLoader(run: LoadRun): Promise<LoadAnswer & { ok: true }> {
  const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [run.lockPath], {
    execPath: run.node,
    execArgv: flags,
    env: {
      ...run.env,
      DEPS_SOURCE: run.source,
      DEPS_DIR: run.dir,
      DEPS_LAYER_ROOT: run.layerRoot,
      LAMBDA_TASK_ROOT: run.taskRoot,
    },
    cwd: run.taskRoot,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    ...(run.signal ? { signal: run.signal } : {}),
  });
  let answer: LoadAnswer | undefined;
  let complaint = '';
  child.on('message', message => {
    answer = message as LoadAnswer;
  });
  child.stderr?.setEncoding('utf8').on('data', text => {
    complaint = `${complaint}${text}`.slice(-2000);
  });
  const [status, signal] = await once(child, 'close');
  if (answer === undefined) {
    return fail(
      'LOAD_FAILED',
      `the loader's process ended (expected an answer, found ${signal ?? `exit status ${status}`})`,
      {
        hint: 'what it said last is in the details',
        details: { complaint },
      },
    );
  }
  if (answer.ok) return answer;
  const { code, message, hint, details } = answer;
  throw new CodedError(code, message, { ...(hint ? { hint } : {}), ...(details ? { details } : {}) });
}
