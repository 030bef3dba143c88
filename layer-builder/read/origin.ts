/** Where a release comes from: commit, person or pipeline, time, tool. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { ReleaseOrigin } from '../publish/release.ts';

const run = promisify(execFile);

/** Reads git and the pipeline's environment. What is not known is null: a release needs neither. */
export async function readOrigin(project: string, env: NodeJS.ProcessEnv, now: Date): Promise<ReleaseOrigin> {
  const head = await git(project, 'rev-parse', 'HEAD');
  const changes = head && (await git(project, 'status', '--porcelain', '--untracked-files=no'));
  return {
    createdAt: now.toISOString(),
    createdBy: env['GITHUB_ACTOR'] || env['GITLAB_USER_LOGIN'] || env['CODEBUILD_INITIATOR'] || userName(),
    commit: head || env['GITHUB_SHA'] || env['CI_COMMIT_SHA'] || null,
    dirty: changes === undefined ? null : changes !== '',
    run: runAddress(env),
    tool: `layer-builder ${ownVersion()}, Node ${process.versions.node}`,
  };
}

async function git(project: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', ['-C', project, ...args], { timeout: 5000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}

function runAddress(env: NodeJS.ProcessEnv): string | null {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env;
  if (server && repository && id) return `${server}/${repository}/actions/runs/${id}`;
  return env['CI_JOB_URL'] || env['BUILD_URL'] || null;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry in the password file, as in many containers.
    return 'unknown';
  }
}

function ownVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
