/** Runs npm: the one place that starts it, with the user's registry and without the user's other settings. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { KnownFailure } from '../read/client/run.ts';
import { clientFailure, runClient } from '../read/client/run.ts';

/** Settings that say where packages may come from and how to get there; all others are ours to choose. */
const transport =
  /^(@[^:]+:registry|\/\/.+|registry|cache|userconfig|globalconfig|ca|cafile|cert|key|(https?[-_])?proxy|no[-_]?proxy|strict[-_]ssl|maxsockets|fetch[-_].+|allow[-_](git|remote|file|directory))$/i;

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
  const outcome = await runClient('npm', args, { cwd: folder, env: npmEnvironment(env), signal });
  if (outcome?.status === 0) return;
  if (outcome) throw clientFailure(outcome, { client: 'npm ci', known, noise, hint });
  throw new BuilderError('INSTALL_FAILED', 'npm cannot be started', {
    hint: 'install npm 9 or newer and have it on the PATH',
  });
}

const noise = /^npm warn|A complete log|^code E|^at /;
const hint = 'run "npm ci" in the project to see whether the registry answers';

const known: readonly KnownFailure[] = [
  {
    found: /\bEINTEGRITY\b/,
    code: 'INTEGRITY_MISMATCH',
    says: 'a package is not the one that was locked',
    hint: 'find out who changed it: the lockfile, the registry or a proxy; do not simply lock it anew',
  },
  {
    found: /have been disabled/,
    code: 'INSTALL_FAILED',
    says: 'npm 12 fetches no package from there unless the project says so',
    hint: 'add "allow-git=root" (or allow-remote, allow-file) to the project\'s .npmrc, as "npm ci" needs it too',
  },
  {
    found: /package-lock\.json.*(in sync|npm install)|\bEUSAGE\b/s,
    code: 'LOCKFILE_OUT_OF_STEP',
    says: 'npm finds the lockfile out of step with package.json',
    hint: 'run "npm install" and commit the lockfile',
  },
];
