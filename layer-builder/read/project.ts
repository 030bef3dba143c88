/** Every fact about a project that a plan needs, read before anything is written. */
import { resolve } from 'node:path';
import { readConfig } from '../config.ts';
import type { Config, Manifest } from '../types.ts';
import { findApp } from './app.ts';
import type { AppBundle } from './bundle.ts';
import { bundleApp } from './bundle.ts';
import type { Lockfile } from './lockfile.ts';
import { readLockfile } from './lockfile.ts';
import { readManifest } from './manifest.ts';

export interface ProjectFacts {
  /** Absolute path. */
  readonly project: string;
  readonly manifest: Manifest;
  readonly config: Config;
  readonly lockfile: Lockfile;
  /** Absolute path of the app's entry. */
  readonly entry: string;
  readonly bundle: AppBundle;
}

/** Throws the coded error of whichever fact is missing or wrong; reads only. */
export async function readProject(folder: string): Promise<ProjectFacts> {
  const project = resolve(folder);
  const manifest = readManifest(project);
  const config = await readConfig(project);
  const lockfile = readLockfile(project, manifest);
  const entry = findApp(project, config, manifest);
  const bundle = await bundleApp(project, entry, lockfile);
  return { project, manifest, config, lockfile, entry, bundle };
}
