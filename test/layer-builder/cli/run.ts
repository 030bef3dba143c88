/** Runs the command line as a user does: a process, its two streams, its exit status. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

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
