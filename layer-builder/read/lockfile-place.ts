/** Finds the lockfile of a project: beside it, or at the root of the npm workspaces it belongs to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isRecord } from '../config/check.ts';
import { BuilderError } from '../errors.ts';

export interface LockfilePlace {
  readonly path: string;
  readonly folder: string;
  /** Path of the project below `folder`, `/`-separated; '' when the lockfile is its own. */
  readonly projectLocation: string;
}

/** npm prefers the shrinkwrap when both are there. */
const npmNames = ['npm-shrinkwrap.json', 'package-lock.json'];

const foreign: Readonly<Record<string, string>> = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
};

/** Throws `LOCKFILE_MISSING`, and `LOCKFILE_UNSUPPORTED` when only another client's lockfile is there. */
export function findLockfile(project: string): LockfilePlace {
  const start = resolve(project);
  for (let folder = start; ; folder = dirname(folder)) {
    const name = npmNames.find(candidate => existsSync(join(folder, candidate)));
    const projectLocation = relative(folder, start).split(sep).join('/');
    if (name && (folder === start || knows(join(folder, name), projectLocation))) {
      return { path: join(folder, name), folder, projectLocation };
    }
    if (folder === dirname(folder)) break;
  }
  const other = Object.keys(foreign).find(candidate => existsSync(join(start, candidate)));
  if (other !== undefined) {
    throw new BuilderError(
      'LOCKFILE_UNSUPPORTED',
      `the project is locked by ${foreign[other]} (expected package-lock.json, found ${other})`,
      {
        hint: `run "npm install --package-lock-only" beside ${other} and commit package-lock.json; keep both in step`,
        details: { lockfile: join(start, other), client: foreign[other] },
      },
    );
  }
  throw new BuilderError(
    'LOCKFILE_MISSING',
    `no lockfile in ${start} (expected package-lock.json or npm-shrinkwrap.json, found neither)`,
    { hint: 'run "npm install" and commit package-lock.json', details: { project: start } },
  );
}

/** A lockfile further up counts only when it names the project as one of its workspaces. */
function knows(path: string, location: string): boolean {
  try {
    const document: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const packages = isRecord(document) ? document['packages'] : undefined;
    return isRecord(packages) && Object.hasOwn(packages, location);
  } catch {
    return false;
  }
}
