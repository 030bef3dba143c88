/** The project of a set, built by layer-builder; what it installs is the raw node_modules of the peers. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProject } from '../../layer-builder/build/index.ts';
import type { BuiltArtifact, Lock } from '../../layer-builder/types.ts';
import type { BenchSet } from './sets.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface BuiltSet {
  readonly project: string;
  readonly lock: Lock;
  readonly artifact: BuiltArtifact;
  /** node_modules as `npm ci` leaves it, with serverless-http, which the peers need and ours has in its handler. */
  readonly modules: string;
}

/**
 * Builds in `folder`, outside the repository, so that nothing is found in its node_modules. What was installed and
 * built is kept in node_modules/.cache/bench, unless it is cheap to make, and taken from there as long as lockfile, app and builder stay the same.
 */
export async function buildSet(
  set: BenchSet,
  folder: string,
  progress: (line: string) => void,
  afterwards: 'keep' | 'forget' = 'keep',
): Promise<BuiltSet> {
  const project = join(folder, 'project');
  const kept = join(root, 'node_modules/.cache/bench', set.name);
  if (afterwards === 'keep' && existsSync(kept)) cpSync(kept, project, { recursive: true });
  set.copyInto(project);
  progress('building the artifact');
  const { lock, artifacts, cached } = await buildProject(project, { progress });
  const eager = artifacts.filter(({ load }) => load === 'eager');
  const [artifact] = eager;
  if (artifact === undefined || eager.length > 1) throw new Error(`${set.name}: expected one eager artifact`);
  const install = onlyInstall(join(project, '.layer-builder/cache'));
  if (afterwards === 'keep' && !cached) {
    // beside it first: a copy that was interrupted would be taken for a whole one
    const copy = `${kept}-${process.pid}`;
    cpSync(project, copy, { recursive: true });
    rmSync(kept, { recursive: true, force: true });
    renameSync(copy, kept);
  }
  const modules = join(folder, 'raw/nodejs/node_modules');
  mkdirSync(join(modules, '..'), { recursive: true });
  renameSync(join(install, 'node_modules'), modules);
  // the builder's own folders are closed to other users, a layer is not
  chmodSync(modules, 0o755);
  cpSync(join(root, 'node_modules/serverless-http'), join(modules, 'serverless-http'), { recursive: true });
  return { project, lock, artifact, modules };
}

/** The install that this build used, touched last; those of earlier lockfiles are removed. */
function onlyInstall(cache: string): string {
  const [used = '', ...others] = readdirSync(cache)
    .map(name => join(cache, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const other of others) rmSync(other, { recursive: true });
  return used;
}
