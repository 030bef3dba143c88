/** Climbs down the ladder to the best sandbox of this machine, and keeps the run's folder. */
import { lstatSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalAwsError } from '../errors.ts';
import { openBwrap } from './bwrap.ts';
import { isAlive } from './cgroup.ts';
import { openProcess } from './process.ts';
import { removeTree, removeTreeSync } from './remove.ts';
import { openTrees, type Trees } from './trees.ts';
import type { Sandbox, SandboxKind } from './types.ts';
import { openUnshare } from './unshare.ts';

export interface Ladder extends Sandbox {
  readonly trees: Trees;
}

const prefix = 'local-aws-run-';

/**
 * Opens the sandbox asked for, or with `auto` the first of unshare, bwrap, process that works here.
 *
 * The run's folder lies in the system's temporary folder: below a project, Node would find the project's own
 * modules for a function. Folders of runs that are no more are removed first. `close` removes this one.
 * Throws `SANDBOX_UNAVAILABLE` when the one asked for cannot be had; the message says why.
 */
export async function openSandbox(wanted: SandboxKind | 'auto'): Promise<Ladder> {
  sweepRuns();
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `${prefix}${process.pid}-`));
  const removeOnExit = (): void => removeTreeSync(folder);
  process.once('exit', removeOnExit);
  try {
    const sandbox = await choose(wanted, folder);
    return {
      ...sandbox,
      trees: openTrees(folder),
      async close() {
        await sandbox.close();
        await removeTree(folder);
        process.off('exit', removeOnExit);
      },
    };
  } catch (error) {
    process.off('exit', removeOnExit);
    removeOnExit();
    throw error;
  }
}

async function choose(wanted: SandboxKind | 'auto', folder: string): Promise<Sandbox> {
  const rungs: Record<SandboxKind, () => Promise<Sandbox | string>> = {
    unshare: () => openUnshare(folder),
    bwrap: async () => openBwrap(folder),
    process: async () => openProcess(folder),
  };
  const reasons: string[] = [];
  for (const kind of wanted === 'auto' ? (['unshare', 'bwrap', 'process'] as const) : [wanted]) {
    const rung = await rungs[kind]();
    if (typeof rung !== 'string') return rung;
    reasons.push(`${kind}: ${rung}`);
  }
  throw new LocalAwsError(
    'SANDBOX_UNAVAILABLE',
    `the sandbox asked for cannot be had (${reasons.join('; ')})`,
    {
      hint: 'use "auto", which takes the best that this machine offers',
      details: { wanted, reasons },
    },
  );
}

/** A run that was killed cannot remove its folder; its namespaces and mounts ended with it. Only our own are touched. */
function sweepRuns(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : Number.NaN);
    if (!Number.isInteger(pid) || pid <= 0 || isAlive(pid)) continue;
    const folder = join(tmpdir(), name);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (!found?.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) continue;
    try {
      removeTreeSync(folder);
    } catch {
      // Another start is removing it at this moment, or something holds it: the next start tries again.
    }
  }
}
