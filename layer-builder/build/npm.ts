/** Runs npm: the one place that starts it, with the user's registry and without the user's other settings. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuilderErrorCode } from '../errors.ts';
import { BuilderError } from '../errors.ts';

/** Settings that say where packages come from and how to get there; all others are ours to choose. */
const transport =
  /^(@[^:]+:registry|\/\/.+|registry|cache|userconfig|globalconfig|ca|cafile|cert|key|(https?[-_])?proxy|no[-_]?proxy|strict[-_]ssl|maxsockets|fetch[-_].+)$/i;

/** npm's environment: `npm_config_*` of a surrounding `npm run` would change what is installed. */
export function npmEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => {
    const setting = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (setting !== undefined) return transport.test(setting);
    return !/^npm_|^(NODE_ENV|NODE_OPTIONS|NODE_PATH|INIT_CWD)$/i.test(name);
  });
  return Object.fromEntries(kept);
}

/** The lines of the project's .npmrc that say where packages come from; they may hold a token. */
export function transportSettings(project: string): string {
  const path = join(project, '.npmrc');
  if (!existsSync(path)) return '';
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  return lines
    .filter(line => transport.test((line.split('=')[0] ?? '').trim().replace(/\[\]$/, '')))
    .join('\n');
}

/** Runs npm in `folder`; throws the coded error that its own error code stands for. */
export async function runNpm(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<void> {
  const { status, errors } = await new Promise<{ status: number | null; errors: string }>(
    (resolve, reject) => {
      const child = spawn('npm', args, {
        cwd: folder,
        env: npmEnvironment(env),
        stdio: ['ignore', 'ignore', 'pipe'],
        ...(signal === undefined ? {} : { signal }),
      });
      let errors = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (errors.length < 65_536) errors += text;
      });
      child.on('error', reject);
      child.on('close', status => resolve({ status, errors }));
    },
  ).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new BuilderError('INSTALL_FAILED', 'npm cannot be started', {
      hint: 'install npm 9 or newer and have it on the PATH',
      cause,
    });
  });
  if (status !== 0) throw failure(status, errors);
}

const known: readonly { found: RegExp; code: BuilderErrorCode; says: string; hint: string }[] = [
  {
    found: /\bEINTEGRITY\b/,
    code: 'INTEGRITY_MISMATCH',
    says: 'a package is not the one that was locked',
    hint: 'find out who changed it: the lockfile, the registry or a proxy; do not simply lock it anew',
  },
  {
    found: /package-lock\.json.*(in sync|npm install)|\bEUSAGE\b/s,
    code: 'LOCKFILE_OUT_OF_STEP',
    says: 'npm finds the lockfile out of step with package.json',
    hint: 'run "npm install" and commit the lockfile',
  },
];

function failure(status: number | null, errors: string): BuilderError {
  const lines = errors
    .split('\n')
    .map(line => line.replace(/^npm (error|ERR!) ?/, '').trim())
    .filter(line => line !== '' && !/^npm warn|A complete log|^code E|^at /.test(line))
    // An address may carry a password or a token.
    .map(line =>
      line
        .replace(/\/\/[^/\s@]+@/g, '//***@')
        .replace(/([?&][^=\s]*(token|key|secret)[^=\s]*=)[^&\s]+/gi, '$1***'),
    )
    .slice(0, 6);
  const match = known.find(candidate => candidate.found.test(errors));
  const code = /code (E[A-Z0-9]+)/.exec(errors)?.[1];
  return new BuilderError(
    match?.code ?? 'INSTALL_FAILED',
    `${match?.says ?? 'npm ci failed'} (exit status ${status}): ${lines.join(' ')}`,
    {
      hint: match?.hint ?? 'run "npm ci" in the project to see whether the registry answers',
      details: { npm: code, lines },
    },
  );
}
