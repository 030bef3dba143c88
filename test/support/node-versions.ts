/** Other versions of Node for tests: npm's `node-<platform>-<arch>` holds the binary and runs no script. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Runtime } from '../../artifact/lock.ts';

const cache = fileURLToPath(new URL('../../node_modules/.cache/layer-builder-test/', import.meta.url));

/** Path of a Node for the runtime, fetched once; undefined where npm cannot bring one. */
export function findNodeFor(runtime: Runtime): string | undefined {
  const major = runtime.replace(/\D/g, '');
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const binary = path.join(cache, `${name}-${major}`, 'node_modules', name, 'bin/node');
  if (!existsSync(binary)) fetchNode(name, major);
  return existsSync(binary) ? binary : undefined;
}

/** Into a folder of its own, renamed when complete: several test processes may come at once. */
function fetchNode(name: string, major: string): void {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, '.fetching-'));
  try {
    writeFileSync(path.join(work, 'package.json'), '{}');
    // --prefix: below a node_modules folder npm would take the project itself for the place to install into
    const args = [
      'install',
      '--prefix',
      work,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `${name}@${major}`,
    ];
    const { status } = spawnSync('npm', args, { cwd: work, stdio: 'ignore', timeout: 120_000 });
    const target = path.join(cache, `${name}-${major}`);
    if (status === 0 && !existsSync(target)) renameSync(work, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
