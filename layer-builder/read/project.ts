/** Every fact about a project that a plan needs, read before anything is written. */
import { resolve } from 'node:path';
import { readConfig } from '../config.ts';
import { machineOf } from '../plan/reach.ts';
import type { Config, Manifest } from '../types.ts';
import { findApp } from './app.ts';
import type { AppBundle } from './bundle.ts';
import { bundleApp } from './bundle.ts';
import type { ForeignClient } from './client/clients.ts';
import { readClientLockfile } from './client/index.ts';
import type { TreeRun } from './client/install.ts';
import type { Lockfile } from './lockfile.ts';
import { readLockfile } from './lockfile.ts';
import type { LockfilePlace } from './lockfile-place.ts';
import { findLockfile } from './lockfile-place.ts';
import { readManifest } from './manifest.ts';
import type { ScriptPolicy } from './scripts.ts';
import { readScriptPolicy } from './scripts.ts';

export interface ProjectFacts {
  /** Absolute path. */
  readonly project: string;
  readonly manifest: Manifest;
  readonly config: Config;
  readonly lockfile: Lockfile;
  readonly scripts: ScriptPolicy;
  /** Absolute path of the app's entry. */
  readonly entry: string;
  readonly bundle: AppBundle;
}

export type ReadOptions = Partial<TreeRun>;

/**
 * Throws the coded error of whichever fact is missing or wrong. Writes nothing to the project; the lockfile of another
 * client than npm is installed in the user's cache to be read (see `installTree`).
 */
export async function readProject(folder: string, options: ReadOptions = {}): Promise<ProjectFacts> {
  const project = resolve(folder);
  const manifest = readManifest(project);
  const config = await readConfig(project);
  const place = findLockfile(project);
  const entry = findApp(project, config, manifest);
  const lockfile = isForeign(place)
    ? await readClientLockfile(place, machineOf(config), { env: process.env, ...options })
    : readLockfile(place, manifest);
  const bundle = await bundleApp(project, entry, lockfile);
  const scripts = readScriptPolicy(lockfile.folder);
  return { project, manifest, config, lockfile, scripts, entry, bundle };
}

function isForeign(place: LockfilePlace): place is LockfilePlace & { readonly client: ForeignClient } {
  return place.client !== 'npm';
}
