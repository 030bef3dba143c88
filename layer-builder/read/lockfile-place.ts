/** Finds the lockfile of a project: beside it, or at the root of the workspaces it belongs to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { isRecord } from '../config/check.ts';
import { BuilderError } from '../errors.ts';
import { workspacePatterns } from './client/workspaces.ts';

/** Yarn 1 is another program with another lockfile than its successors. */
export type Client = 'npm' | 'pnpm' | 'yarn' | 'yarn-classic';

export interface LockfilePlace {
  readonly path: string;
  readonly folder: string;
  /** Path of the project below `folder`, `/`-separated; '' when the lockfile is its own. */
  readonly projectLocation: string;
  readonly client: Client;
}

/** In the order in which they count where several are there; npm prefers the shrinkwrap. */
const names = ['npm-shrinkwrap.json', 'package-lock.json', 'pnpm-lock.yaml', 'yarn.lock'];

/**
 * Where a folder holds lockfiles of several clients, the one that `packageManager` in package.json names counts, else
 * npm's.
 *
 * Throws `LOCKFILE_MISSING`, and `LOCKFILE_UNSUPPORTED` when only Bun's lockfile is there.
 */
export function findLockfile(project: string): LockfilePlace {
  const start = resolve(project);
  for (let folder = start; ; folder = dirname(folder)) {
    const projectLocation = relative(folder, start).split(sep).join('/');
    for (const name of inOrder(folder)) {
      const path = join(folder, name);
      if (!existsSync(path)) continue;
      const client = clientOf(path, name);
      if (folder === start || knows(folder, client, path, projectLocation)) {
        return { path, folder, projectLocation, client };
      }
    }
    if (folder === dirname(folder)) break;
  }
  const bun = ['bun.lock', 'bun.lockb'].find(candidate => existsSync(join(start, candidate)));
  if (bun !== undefined) {
    throw new BuilderError(
      'LOCKFILE_UNSUPPORTED',
      `the project is locked by Bun (expected a lockfile of npm, pnpm or Yarn, found ${bun})`,
      {
        hint: `run "npm install --package-lock-only" beside ${bun} and commit package-lock.json; keep both in step`,
        details: { lockfile: join(start, bun), client: 'bun' },
      },
    );
  }
  throw new BuilderError(
    'LOCKFILE_MISSING',
    `no lockfile in ${start} (expected package-lock.json, pnpm-lock.yaml or yarn.lock, found none)`,
    { hint: 'run "npm install" and commit package-lock.json', details: { project: start } },
  );
}

function inOrder(folder: string): string[] {
  const named = /^(npm|pnpm|yarn)@/.exec(
    String(readJson(join(folder, 'package.json'))?.['packageManager']),
  )?.[1];
  const isNamed = (name: string) =>
    named !== undefined && name.startsWith(named === 'npm' ? 'package' : named);
  return [...names.filter(isNamed), ...names.filter(name => !isNamed(name))];
}

function clientOf(path: string, name: string): Client {
  if (name === 'pnpm-lock.yaml') return 'pnpm';
  if (name !== 'yarn.lock') return 'npm';
  return /^__metadata:/m.test(readFileSync(path, 'utf8')) ? 'yarn' : 'yarn-classic';
}

/** A lockfile further up counts only when the project is one of its workspaces. */
function knows(folder: string, client: Client, path: string, location: string): boolean {
  if (client === 'npm') {
    const packages = readJson(path)?.['packages'];
    return isRecord(packages) && Object.hasOwn(packages, location);
  }
  if (client === 'pnpm') {
    const importers =
      /^importers:\r?\n([\s\S]*?)(?=^\S|(?![\s\S]))/m.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
    return new RegExp(`^ {2}['"]?${location.replace(/[^\w/]/g, '\\$&')}['"]?:`, 'm').test(importers);
  }
  const workspaces = readJson(join(folder, 'package.json'))?.['workspaces'];
  return workspacePatterns(workspaces).some(pattern => pattern.test(location));
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    const document: unknown = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
    return isRecord(document) ? document : undefined;
  } catch {
    return undefined;
  }
}
