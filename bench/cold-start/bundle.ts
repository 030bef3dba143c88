/** Peer (c): one minified file by esbuild, packages with native code beside it, V8's compile cache warm. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { copyPackages } from './closure.ts';
import { lambdaFlags, lambdaUser, openFolder, writeDriver } from './process.ts';
import { eventOf, programs } from './programs.ts';
import type { BuiltSet } from './project.ts';
import type { BenchSet } from './sets.ts';

/** Writes the function package into `task`. */
export async function makeBundle(set: BenchSet, { project, modules }: BuiltSet, task: string): Promise<void> {
  mkdirSync(task, { recursive: true });
  await bundleApp({
    contents: `export { createApp } from './${set.app}';\nexport { default as serverless } from 'serverless-http';`,
    resolveDir: project,
    modules,
    external: set.external,
    out: join(task, 'bundle.mjs'),
  });
  copyPackages(set.external, modules, join(task, 'node_modules'));
  writeFileSync(join(task, 'index.mjs'), programs.bundle);
  warmCache(set, task);
}

/** One file, minified, for the Node of the runtime. */
export async function bundleApp(input: {
  readonly contents: string;
  readonly resolveDir: string;
  /** The node_modules that packages are taken from. */
  readonly modules: string;
  readonly external: readonly string[];
  readonly out: string;
}): Promise<void> {
  const { contents, resolveDir, modules, external, out } = input;
  await build({
    stdin: { contents, resolveDir },
    outfile: out,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    nodePaths: [modules],
    external: [...external],
    // CommonJS packages inside an ES module ask for these names
    banner: {
      js: [
        "import { createRequire } from 'node:module';",
        'const require = createRequire(import.meta.url);',
        'const __filename = import.meta.filename, __dirname = import.meta.dirname;',
      ].join(' '),
    },
    logLevel: 'error',
  });
}

/** One start with one request, under Lambda's flags and user; then nobody may write to the cache, as in /var/task. */
function warmCache(set: BenchSet, task: string): void {
  const cache = openFolder(join(task, 'cache'));
  const driver = writeDriver(join(task, '..'));
  const { status, stderr } = spawnSync(
    process.execPath,
    [...lambdaFlags, driver, join(task, 'index.mjs'), JSON.stringify(eventOf(set.path))],
    { ...lambdaUser, cwd: '/', env: { PATH: process.env['PATH'], ...set.variables }, encoding: 'utf8' },
  );
  const made = readdirSync(cache);
  if (status !== 0 || made.length !== 1) throw new Error(`the bundle did not start: ${stderr}`);
  const own = join(cache, made[0] ?? '');
  const lambdas = own.replace(/-\d+$/, '-993');
  if (own !== lambdas) renameSync(own, lambdas);
  // Node closes its files to other users; in /var/task they are root's
  for (const name of readdirSync(lambdas)) chmodSync(join(lambdas, name), 0o644);
  for (const folder of [lambdas, cache]) chmodSync(folder, 0o555);
}
