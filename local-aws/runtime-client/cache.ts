/** A folder of things fetched once with npm; each appears complete, by one rename, or not at all. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder `name` of the cache, made by `make` when it is not there yet.
 *
 * Safe when several processes do it at once: each fills a folder of its own, the first rename wins and the
 * others throw theirs away. Throws what `make` throws; nothing half made stays behind.
 */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  for (const root of cacheRoots()) {
    if (existsSync(join(root, name))) return join(root, name);
  }
  const root = await writableRoot();
  const target = join(root, name);
  const work = await mkdtemp(join(root, '.making-'));
  try {
    await make(work);
    // Functions run as another user than the one who installs.
    await chmod(work, 0o755);
    await rename(work, target).catch(error => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}

const quiet = ['--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'];
/** Without a network npm's own settings would wait for more than a minute before they say so. */
const impatient = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=1000'];

/** Runs npm and resolves when it succeeded; rejects with the last lines it wrote. Scripts of packages never run. */
export function npm(folder: string, ...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', [...args, ...quiet, ...impatient], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
    });
    let said = '';
    child.stderr.on('data', chunk => {
      said = `${said}${chunk}`.slice(-2000);
    });
    child.on('error', reject);
    child.on('close', status => {
      if (status === 0) resolve();
      else reject(new Error(`npm ${args.join(' ')} ended with status ${status}: ${said.trim()}`));
    });
  });
}

/** Beside the project's own modules first; the home folder where those are read-only. */
function cacheRoots(): string[] {
  const project = fileURLToPath(new URL('../../', import.meta.url));
  return [join(project, 'node_modules/.cache/local-aws'), join(homedir(), '.cache/layer-builder/local-aws')];
}

async function writableRoot(): Promise<string> {
  let failure: unknown;
  for (const root of cacheRoots()) {
    try {
      await mkdir(root, { recursive: true });
      return root;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
