/** R6: the compile cache of an artifact is used from a layer and from the store, and never written to. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { cachePath, modulesPath, storeName } from '../../../artifact/layout.ts';
import { formatLock } from '../../../artifact/lock.ts';
import type { MadeArtifact } from '../../support/artifact.ts';
import { lockOf, makeArtifact } from '../../support/artifact.ts';
import { serve, startChaosS3 } from '../../support/chaos-s3.ts';
import { bundle, runLoad } from '../../support/load-process.ts';
import { loaderWorld } from '../../support/loader-world.ts';

const child = await bundle(new URL('../../support/load-child.ts', import.meta.url));
fs.chmodSync(path.dirname(child), 0o755);
test.after.always(() => fs.rmSync(path.dirname(child), { recursive: true, force: true }));

const files: Readonly<Record<string, string>> = {
  'cached/package.json': '{"name":"cached","version":"1.0.0","main":"index.js"}',
  'cached/index.js': `exports.answer = () => 42;\n${'// so long that a cache is worth it\n'.repeat(50)}module.exports = exports.answer();\n`,
};
// the suite's own cache would be taken instead of the one under test
delete process.env['NODE_COMPILE_CACHE'];

const lambdaUser = 993;
const asUser = ['setpriv', `--reuid=${lambdaUser}`, '--clear-groups'];
const canBecome =
  process.getuid?.() === 0 &&
  spawnSync(asUser[0] ?? '', [...asUser.slice(1), process.execPath, '-v']).status === 0;
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** The same artifact with the cache that Node makes of it as this user. */
async function withCache(t: ExecutionContext, wrap: readonly string[]): Promise<MadeArtifact> {
  const { folder } = loaderWorld(t, 'http://127.0.0.1:1');
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, modulesPath, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, modulesPath, name), text);
  }
  const directory = path.join(folder, cachePath);
  fs.mkdirSync(directory, { recursive: true });
  fs.chmodSync(folder, 0o755);
  fs.chmodSync(directory, 0o777);
  const script = `const m = require('module'); m.enableCompileCache({ directory: ${JSON.stringify(directory)}, portable: true });
    require(${JSON.stringify(path.join(folder, modulesPath, 'cached'))}); m.flushCompileCache();`;
  const [program = '', ...args] = [...wrap, process.execPath, '-e', script];
  t.is(spawnSync(program, args).status, 0);
  const cached = fs.globSync('**/*', { cwd: directory, withFileTypes: true }).filter(entry => entry.isFile());
  t.true(cached.length > 0);
  const more = cached.map(entry => {
    const file = path.join(entry.parentPath, entry.name);
    return [path.relative(path.join(folder, modulesPath), file), fs.readFileSync(file)] as const;
  });
  return makeArtifact({ ...files, ...Object.fromEntries(more) });
}

test('from a layer that is mounted read-only', async t => {
  if (!canMount) {
    t.log('SKIPPED: this row mounts a folder and needs root or user namespaces');
    t.pass();
    return;
  }
  const made = await withCache(t, ['unshare', '-r']);
  const { env, folder } = loaderWorld(t, 'http://127.0.0.1:1');
  const root = env['DEPS_LAYER_ROOT'] ?? '';
  for (const { path: name, content } of made.files) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), content);
  }
  const shell = `mount --bind ${root} ${root} && mount -o remount,ro,bind ${root} && "$@"`;
  const lockFile = path.join(folder, 'deps.lock.json');
  fs.writeFileSync(lockFile, formatLock(lockOf([made.artifact])));
  const all = {
    ...env,
    DEPS_SOURCE: 'layer',
    LOAD_LOCK: lockFile,
    LOAD_IMPORT: 'cached',
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
  };
  const result = await runLoad([process.execPath, child], all, { by: ['unshare', '-rm'], shell });
  t.is(result.imported, 42, result.stderr);
  t.regex(result.stderr + result.stdout, /cached\/index\.js was accepted/);
});

test('from the store, twice, by a user without privileges: the copy stays as it was', async t => {
  if (!canBecome) {
    t.log(`SKIPPED: this row becomes user ${lambdaUser} and needs root`);
    t.pass();
    return;
  }
  const made = await withCache(t, asUser);
  const s3 = await startChaosS3(serve(made.zip));
  t.teardown(s3.close);
  const { env, folder, settings } = loaderWorld(t, s3.endpoint);
  fs.chownSync(folder, lambdaUser, lambdaUser);
  const lockFile = path.join(folder, 'deps.lock.json');
  fs.writeFileSync(lockFile, formatLock(lockOf([made.artifact])));
  const all = { ...env, LOAD_LOCK: lockFile, LOAD_IMPORT: 'cached', NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  for (const source of ['s3', 'tmp']) {
    const result = await runLoad([...asUser, process.execPath, child], all);
    t.deepEqual(
      result.sources,
      { core: source },
      `${result.stderr}${JSON.stringify(result.error)}${result.stdout.slice(-300)}`,
    );
    t.regex(result.stderr + result.stdout, /cached\/index\.js was accepted/);
  }
  // a sealed copy can still be removed by its owner
  fs.writeFileSync(path.join(settings.dir, storeName(made.artifact.digest), 'more'), '');
  const again = await runLoad([...asUser, process.execPath, child], all);
  t.deepEqual(again.sources, { core: 's3' });
  t.deepEqual(fs.readdirSync(settings.dir), [storeName(made.artifact.digest)]);
});

test('where the cache could be written it is left alone', async t => {
  const made = await withCache(t, []);
  const s3 = await startChaosS3(serve(made.zip));
  t.teardown(s3.close);
  const { env, folder } = loaderWorld(t, s3.endpoint);
  const root = env['DEPS_LAYER_ROOT'] ?? '';
  for (const { path: name, content } of made.files) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), content);
  }
  const lockFile = path.join(folder, 'deps.lock.json');
  fs.writeFileSync(lockFile, formatLock(lockOf([made.artifact])));
  const before = fs.globSync('**/*', { cwd: root }).sort();
  const all = { ...env, DEPS_SOURCE: 'layer', LOAD_LOCK: lockFile, LOAD_IMPORT: 'cached' };
  t.is((await runLoad([process.execPath, child], all)).imported, 42);
  t.deepEqual(fs.globSync('**/*', { cwd: root }).sort(), before);
});
