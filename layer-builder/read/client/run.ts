/** Starts a package manager and tells its failure in the words of a coded error. */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import type { BuilderErrorCode } from '../../errors.ts';
import { BuilderError } from '../../errors.ts';

export interface ClientRun {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

export interface ClientOutcome {
  readonly status: number | null;
  /** The beginning of what it wrote to stdout and stderr; clients do not agree on where errors go. */
  readonly output: string;
}

/** What a client's output stands for. */
export interface KnownFailure {
  readonly found: RegExp;
  readonly code: BuilderErrorCode;
  readonly says: string;
  readonly hint: string;
}

/** Keeps `limit` characters of output. Undefined when there is no such program. */
export async function runClient(
  command: string,
  args: readonly string[],
  { cwd, env, signal }: ClientRun,
  limit = 65_536,
): Promise<ClientOutcome | undefined> {
  try {
    return await new Promise<ClientOutcome>((resolve, reject) => {
      const child = spawn(command, args, {
        cwd,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(signal === undefined ? {} : { signal }),
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          if (output.length < limit) output += text;
        });
      }
      child.on('error', reject);
      child.on('close', status => resolve({ status, output: stripVTControlCharacters(output) }));
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    return undefined;
  }
}

/** The error of a failed run: a known one by its pattern, else `INSTALL_FAILED` with the lines that tell most. */
export function clientFailure(
  { status, output }: ClientOutcome,
  facts: {
    readonly client: string;
    readonly known: readonly KnownFailure[];
    readonly noise: RegExp;
    readonly hint: string;
  },
): BuilderError {
  const lines = output
    .split('\n')
    .map(line => withoutSecrets(line.replace(/^npm (error|ERR!) ?|^➤ |^YN0000: /, '').trim()))
    .filter(line => line !== '' && !facts.noise.test(line))
    .slice(0, 6);
  const match = facts.known.find(candidate => candidate.found.test(output));
  return new BuilderError(
    match?.code ?? 'INSTALL_FAILED',
    `${match?.says ?? `${facts.client} failed`} (exit status ${status}): ${lines.join(' ')}`,
    { hint: match?.hint ?? facts.hint, details: { client: facts.client, lines } },
  );
}

/** An address may carry a password or a token. */
export function withoutSecrets(line: string): string {
  return line
    .replace(/\/\/[^/\s@]+@/g, '//***@')
    .replace(/([?&][^=\s]*(token|key|secret)[^=\s]*=)[^&\s]+/gi, '$1***');
}
