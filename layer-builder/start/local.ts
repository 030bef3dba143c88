/** S3 and Lambda of this machine for the commands `local` and `start`: options, start, failures in our words. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { LocalAws } from '../../local-aws/index.ts';
import type { CommandArguments, CommandContext, CommandOption } from '../command.ts';
import { textOf } from '../commands/values.ts';
import type { BuilderError } from '../errors.ts';
import { fail } from '../errors.ts';

type Values = CommandArguments['values'];

export const localOptions = {
  port: { type: 'string', default: '4566', help: 'port of S3 and Lambda; 0 takes any free one' },
  'url-port': { type: 'string', default: '3000', help: 'first port of function URLs; 0 takes any free ones' },
  data: { type: 'string', default: '.local-aws', help: 'folder that keeps everything, below the project' },
} as const satisfies Record<string, CommandOption>;

/** Absolute path of the folder that keeps everything. */
export function dataOf(context: CommandContext, values: Values): string {
  return path.resolve(context.project, textOf(values, 'data') ?? localOptions.data.default);
}

/**
 * Starts S3 and Lambda on loopback. Throws `USAGE` for a port that is none, `PORT_TAKEN` naming port and option,
 * `LOCAL_FAILED` for whatever else local-aws foresees.
 */
export async function openLocal(context: CommandContext, values: Values): Promise<LocalAws> {
  const port = portOf(values, 'port');
  const urlPort = portOf(values, 'url-port');
  // only here: nobody else pays for loading it
  const { startLocalAws } = await import('../../local-aws/index.ts');
  return startLocalAws({ port, urlPort, data: dataOf(context, values), log: context.progress }).catch(
    explain,
  );
}

/** Deletes the folder that keeps everything. Throws `LOCAL_FAILED`, deleting nothing, while a server works in it. */
export async function removeLocal(data: string): Promise<void> {
  const s3 = path.join(data, 's3');
  if (existsSync(s3)) {
    const { claimFolder } = await import('../../local-aws/s3/store/claim.ts');
    const release = await claimFolder(s3).catch(explain);
    await rm(data, { recursive: true, force: true });
    await release();
  } else await rm(data, { recursive: true, force: true });
}

/** Resolves when Ctrl-C asks the command to stop. */
export function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The port that an option names. Throws `USAGE`. */
export function portOf(values: Values, name: string): number {
  const word = textOf(values, name) ?? '';
  const port = Number(word);
  if (/^\d{1,5}$/.test(word) && port <= 65_535) return port;
  return fail('USAGE', `no port (expected --${name} 0 to 65535, found "${word}")`);
}

/** Errors of local-aws have codes of their own, for it knows nothing of ours and of our options. */
function explain(cause: unknown): never {
  const { code, message, hint, details = {} } = cause as Partial<BuilderError>;
  if (code === undefined || message === undefined) throw cause;
  if (code !== 'PORT_TAKEN') {
    fail('LOCAL_FAILED', message, { ...(hint ? { hint } : {}), details: { ...details, code }, cause });
  }
  const option = details['option'] === 'urlPort' ? '--url-port' : '--port';
  return fail(
    'PORT_TAKEN',
    `port ${details['port']} is taken (expected a free port, found another program on it)`,
    {
      hint: `stop that program, or choose another port with ${option}; ${option} 0 takes any free one`,
      details: { port: details['port'], option },
      cause,
    },
  );
}
