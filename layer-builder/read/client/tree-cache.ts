/** The user's cache of installed trees, shared by all projects: one folder for each content. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../build/turn.ts';
import { BuilderError } from '../../errors.ts';

/** Trees kept for all projects of this user; one used within the last day stays in any case. */
const kept = 5;
const dayMs = 24 * 60 * 60 * 1000;

/** `$XDG_CACHE_HOME/layer-builder` or `~/.cache/layer-builder`. Throws `INSTALL_FAILED` when it cannot be written. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const folder = join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'layer-builder');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch (cause) {
    throw new BuilderError(
      'INSTALL_FAILED',
      `cannot write to ${folder} (${(cause as NodeJS.ErrnoException).code})`,
      {
        hint: 'name a folder for caches with the environment variable XDG_CACHE_HOME',
        cause,
      },
    );
  }
}

/** Another process may have made the same tree in the meantime. */
export function moveInPlace(work: string, target: string): void {
  try {
    renameSync(work, target);
  } catch (cause) {
    if (!['EEXIST', 'ENOTEMPTY'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
  }
}

/** Removes what nobody used for a day, and what killed processes left. */
export function sweepTrees(cache: string): void {
  const trees: { path: string; time: number }[] = [];
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const pid = /^work-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(path, { recursive: true, force: true });
    const stat = /^[0-9a-f]{32}$/.test(name) ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (stat) trees.push({ path, time: stat.mtimeMs });
  }
  const old = trees.sort((a, b) => b.time - a.time).slice(kept);
  for (const { path, time } of old) {
    if (Date.now() - time > dayMs) rmSync(path, { recursive: true, force: true });
  }
}
