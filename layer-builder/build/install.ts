/** Installs exactly what is locked, for the target machine, in a folder of its own, once per content. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Machine } from '../plan/reach.ts';
import type { InstallInput } from '../plan/subset.ts';
import { installTree } from '../read/client/install.ts';
import type { Lockfile } from '../read/lockfile.ts';
import { runNpm, transportSettings } from './npm.ts';

/** Installs kept on disk: the last few, so that going back to yesterday's lockfile stays fast. */
const kept = 3;

export interface Install {
  /** Absolute path of the folder that holds node_modules. */
  readonly folder: string;
  readonly cached: boolean;
}

/** Name of an install: the same lockfile for the same machine is the same folder. */
export function installKey(input: InstallInput, machine: Machine): string {
  const text = JSON.stringify([2, input, machine]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/**
 * Installs without install scripts, development packages and links to binaries: npm's lockfile with `npm ci`, that of
 * another client from the tree which the client laid. The project's own node_modules is neither read nor touched; a
 * failed install leaves nothing.
 *
 * Throws `INSTALL_FAILED`, `INTEGRITY_MISMATCH`, `LOCKFILE_OUT_OF_STEP` and `CLIENT_MISSING`.
 */
export async function installPackages(
  input: InstallInput,
  machine: Machine,
  places: { cache: string; temporary: string; lockfile: Lockfile; fresh?: boolean },
  run: { readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal | undefined },
): Promise<Install> {
  const folder = join(places.cache, installKey(input, machine));
  if (!places.fresh && existsSync(folder)) {
    utimesSync(folder, new Date(), new Date());
    return { folder, cached: true };
  }
  const work = join(places.temporary, 'install');
  mkdirSync(join(work, 'node_modules'), { recursive: true, mode: 0o700 });
  if ('places' in input) {
    const { tree: source } = places.lockfile;
    if (source === undefined) throw new TypeError('a plan of places without a tree');
    const tree = await installTree(source, machine, { ...run, fresh: places.fresh });
    for (const [location, origin] of input.places)
      takePackage(join(tree.folder, origin), join(work, location));
  } else {
    await installWithNpm(input, machine, { work, lockFolder: places.lockfile.folder }, run);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  renameSync(work, folder);
  sweep(places.cache);
  return { folder, cached: false };
}

async function installWithNpm(
  input: Extract<InstallInput, { packageLock: unknown }>,
  machine: Machine,
  { work, lockFolder }: { readonly work: string; readonly lockFolder: string },
  run: { readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const settings = join(work, '.npmrc');
  try {
    writeFileSync(join(work, 'package.json'), JSON.stringify(input.packageJson, null, 2));
    writeFileSync(join(work, 'package-lock.json'), JSON.stringify(input.packageLock, null, 2));
    writeFileSync(settings, transportSettings(lockFolder), { mode: 0o600 });
    await runNpm(work, npmArguments(machine), run.env, run.signal);
  } finally {
    rmSync(settings, { force: true });
  }
}

/** Without what is nested below it, which has places of its own; links stay links, for the walk to judge. */
function takePackage(source: string, target: string): void {
  // An optional package of another machine was not installed.
  if (!existsSync(source)) return;
  cpSync(source, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: path => path === source || basename(path) !== 'node_modules',
  });
}

function npmArguments(machine: Machine): string[] {
  return [
    'ci',
    ...['--omit=dev', '--include=prod', '--include=optional', '--include=peer'],
    ...['--ignore-scripts', '--no-bin-links', '--install-strategy=hoisted', '--global=false'],
    ...[`--os=${machine.os}`, `--cpu=${machine.cpu}`, `--libc=${machine.libc}`],
    // The Node that runs npm need not be the target's, and integrity decides what a cached package is worth.
    ...['--engine-strict=false', '--prefer-offline', '--no-audit', '--no-fund', '--no-update-notifier'],
    // npm waits ten seconds before it asks a silent registry again.
    ...['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000', '--loglevel=error'],
  ];
}

function sweep(cache: string): void {
  const installs = readdirSync(cache)
    .map(name => ({ path: join(cache, name), time: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { path } of installs.slice(kept)) rmSync(path, { recursive: true, force: true });
}
