/** B10: what others do between two calls of ours; and the compile cache in this thread. Serial: it stubs fs. */
import fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { cachePath, modulesPath, storeName } from '../../../artifact/layout.ts';
import { sealCompileCache, useCompileCache } from '../../../handler/compile-cache.ts';
import type { HandlerError } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import { serve, startChaosS3 } from '../../support/chaos-s3.ts';
import { loaderWorld } from '../../support/loader-world.ts';
import { failWith, stubFs } from '../../support/stub-fs.ts';

const made = await makeArtifact(smallPackage);
const final = storeName(made.artifact.digest);

async function world(t: ExecutionContext) {
  const s3 = await startChaosS3(serve(made.zip));
  t.teardown(s3.close);
  const here = loaderWorld(t, s3.endpoint);
  const load = async () =>
    (await resolveDependencies(lockOf([made.artifact]), here.settings)).artifacts[0]?.source;
  return { ...here, load, root: path.join(here.settings.dir, final) };
}

function plantBad(root: string): void {
  fs.mkdirSync(path.join(root, modulesPath), { recursive: true });
}

/** Puts another copy in the place of one; both are there for a moment, so that they differ in their inodes. */
function exchange(root: string, donor: string, rename: (from: never, to: never) => unknown): number {
  const next = `${root}.next`;
  fs.cpSync(donor, next, { recursive: true });
  fs.rmSync(root, { recursive: true });
  rename(next as never, root as never);
  return fs.statSync(root).ino;
}

for (const code of ['ENOTEMPTY', 'EEXIST', 'ENOTDIR']) {
  test.serial(`a name that is taken again and again (${code}) is an error, and nothing is left`, async t => {
    const { load, settings, root } = await world(t);
    stubFs(t, 'renameSync', (real, from, to) => (to === root ? failWith(code) : real(from, to)));
    const error = await t.throwsAsync<HandlerError>(load(), {
      code: 'DEPS_TREE',
      message: /again and again/,
    });
    t.regex(error.hint ?? '', /^find out what else writes/);
    t.deepEqual(error.details, { artifact: 'core', path: root });
    t.deepEqual(fs.readdirSync(settings.dir), []);
  });
}

test.serial('a rename that fails for another reason is an error of the disk', async t => {
  const { load, root } = await world(t);
  stubFs(t, 'renameSync', (real, from, to) => (to === root ? failWith('EIO') : real(from, to)));
  await t.throwsAsync(load(), { code: 'DEPS_DISK' });
});

test.serial('a bad copy that somebody else removes first is gone all the same', async t => {
  const { load, root } = await world(t);
  plantBad(root);
  stubFs(t, 'renameSync', (real, from, to) => {
    if (from === root) fs.rmSync(root, { recursive: true, force: true });
    return real(from, to);
  });
  t.is(await load(), 's3');
});

test.serial('a bad copy that cannot be moved is an error of the disk', async t => {
  const { load, root } = await world(t);
  plantBad(root);
  stubFs(t, 'renameSync', (real, from, to) => (from === root ? failWith('EIO') : real(from, to)));
  await t.throwsAsync(load(), { code: 'DEPS_DISK' });
});

test.serial('a bad copy that is exchanged for a good one before it is moved is put back', async t => {
  const donor = await world(t);
  await donor.load();
  const { load, root, settings } = await world(t);
  plantBad(root);
  let ino = 0;
  stubFs(t, 'renameSync', (real, from, to) => {
    if (from === root && ino === 0) ino = exchange(root, donor.root, real);
    return real(from, to);
  });
  await load();
  t.is(fs.statSync(root).ino, ino);
  t.deepEqual(fs.readdirSync(settings.dir), [final]);
  t.is(await load(), 'tmp');
});

test.serial('a bad copy that is exchanged before anything was done stays', async t => {
  const donor = await world(t);
  await donor.load();
  const { load, root } = await world(t);
  plantBad(root);
  let looks = 0;
  let ino = 0;
  stubFs(t, 'lstatSync', (real, name, options) => {
    // first look, the judge's look, then the look before the move
    if (name === root && ++looks === 3) ino = exchange(root, donor.root, fs.renameSync);
    return real(name, options);
  });
  await load();
  t.is(fs.statSync(root).ino, ino);
  t.is(await load(), 'tmp');
});

test.serial('a compile cache is used when it is ours and cannot be written, once', async t => {
  const { folder } = loaderWorld(t, 'http://127.0.0.1:1');
  useCompileCache(folder);
  const name = `${process.version}-${process.arch}-0-${process.getuid?.()}`;
  const own = path.join(folder, cachePath, name);
  fs.mkdirSync(own, { recursive: true });
  sealCompileCache(folder);
  t.is(fs.statSync(own).mode & 0o777, 0o555);
  const asked: unknown[] = [];
  stubFs(t, 'accessSync', (_, asked_) => {
    asked.push(asked_);
    return failWith('EROFS');
  });
  useCompileCache(folder);
  t.deepEqual(asked, [path.join(folder, cachePath), own]);
  useCompileCache(folder);
  t.is(asked.length, 2);
});
