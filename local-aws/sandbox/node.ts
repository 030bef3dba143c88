/** Which Node binary runs a function: the one of its runtime where it is here or npm can bring it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, npm } from '../runtime-client/cache.ts';

export interface NodeBinary {
  readonly path: string;
  /** e.g. `24.21.0` */
  readonly version: string;
  /** False when the runtime asked for another major version than this one. */
  readonly matches: boolean;
}

/**
 * Finds Node for `nodejs24.x`, `nodejs22.x` …: this process's own, the project's, or npm's `node-<platform>-<arch>`,
 * which holds the binary and runs no script; fetched once, with one line to `log`. Where npm cannot bring it,
 * the Node at hand runs the function and `log` says so. Never throws.
 */
export async function findNode(runtime: string, log: (line: string) => void): Promise<NodeBinary> {
  const major = /^nodejs(\d+)\.x$/.exec(runtime)?.[1] ?? '';
  for (const candidate of [process.execPath, projectNode()]) {
    const version = versionOf(candidate);
    if (version?.split('.')[0] === major) return { path: candidate, version, matches: true };
  }
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const folder = await cached(`${name}-${major}`, async target => {
      log(`local-aws: fetching Node ${major} for ${runtime} (once)`);
      // Without a package.json of its own the folder is no project, and npm would install into the one above it.
      await writeFile(join(target, 'package.json'), '{"private":true}\n');
      await npm(target, 'install', `${name}@${major}`);
      if (!versionOf(join(target, binary(name))))
        throw new Error(`${name}@${major} holds no Node that runs here`);
    });
    const path = join(folder, binary(name));
    const version = versionOf(path);
    if (version) return { path, version, matches: true };
  } catch {
    // No network, or npm has no binary for this platform: said below.
  }
  const version = process.versions.node;
  log(`local-aws: ${runtime} runs on Node ${version}: no Node ${major} here and npm could not bring one`);
  return { path: process.execPath, version, matches: false };
}

function binary(name: string): string {
  return join('node_modules', name, 'bin/node');
}

function projectNode(): string {
  return fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
}

function versionOf(path: string): string | undefined {
  if (path === process.execPath) return process.versions.node;
  if (!existsSync(path)) return undefined;
  const run = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim().replace(/^v/, '') : undefined;
}
