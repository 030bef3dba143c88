/** Runs the command line as a user does: a process, its two streams, its exit status. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCodedError } from '../../../artifact/error.ts';
import type { CommandContext } from '../../../layer-builder/command.ts';
import { usageCodes } from '../../../layer-builder/errors.ts';
import { parseArguments } from '../../../layer-builder/parse.ts';
import { describeError, formatError } from '../../../layer-builder/report/error.ts';
import { compileCache } from '../../support/compile-cache.ts';

export interface CliRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const cli = fileURLToPath(new URL('../../../layer-builder/cli.ts', import.meta.url));

/** An environment of its own: nothing of the machine's AWS settings reaches the command. */
export function cleanEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...compileCache,
    ...extra,
  };
}

export function startCli(argv: readonly string[], env: Record<string, string> = {}) {
  return spawn(process.execPath, [cli, ...argv], {
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function runCli(argv: readonly string[], env: Record<string, string> = {}): Promise<CliRun> {
  const child = startCli(argv, env);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}

export interface InProcessRun {
  readonly status: number;
  /** The `--json` document; of a failure, what stands under `error`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
  readonly data: any;
  readonly text: string;
}

/** The same without a process of its own: for tests of what a command does, not of how it is started. */
export async function runCommand(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  warn: (line: string) => void = () => {},
): Promise<InProcessRun> {
  try {
    const parsed = await parseArguments(argv);
    if (parsed.kind !== 'run') throw new Error(`no command in ${argv.join(' ')}`);
    const context: CommandContext = {
      ...{ project: path.resolve(parsed.project), json: true, quiet: true, env },
      ...{ say: () => {}, progress: () => {}, warn },
    };
    const outcome = await parsed.command.run(context, parsed.args);
    return { status: outcome.exitStatus ?? 0, data: outcome.data, text: outcome.text };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const status = usageCodes.has(error.code) ? 2 : 1;
    return { status, data: describeError(error), text: formatError(error) };
  }
}
