/** FAULTS.md B: leftovers, tampering, full and read-only disks, several processes at once. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { markerPath, modulesPath, storeName } from '../../../artifact/layout.ts';
import { formatLock } from '../../../artifact/lock.ts';
import type { HandlerError } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import type { MadeArtifact } from '../../support/artifact.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import type { ChaosS3 } from '../../support/chaos-s3.ts';
import { serve, startChaosS3 } from '../../support/chaos-s3.ts';
import type { LoadResult } from '../../support/load-process.ts';
import { bundle, runLoad } from '../../support/load-process.ts';
import type { LoaderWorld } from '../../support/loader-world.ts';
import { loaderWorld } from '../../support/loader-world.ts';

const made = await makeArtifact(smallPackage);
const child = await bundle(new URL('../../support/load-child.ts', import.meta.url));
test.after.always(() => fs.rmSync(path.dirname(child), { recursive: true, force: true }));

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

interface Place extends LoaderWorld {
  readonly s3: ChaosS3;
  /** The final folder of the artifact. */
  readonly root: string;
  load(): Promise<string | undefined>;
  loadApart(wrap?: Parameters<typeof runLoad>[2], env?: NodeJS.ProcessEnv): Promise<LoadResult>;
  /** Names in DEPS_DIR. */
  left(): string[];
}

async function place(t: ExecutionContext, what: MadeArtifact = made): Promise<Place> {
  const s3 = await startChaosS3(serve(what.zip));
  t.teardown(s3.close);
  const world = loaderWorld(t, s3.endpoint);
  const { dir } = world.settings;
  const lock = lockOf([what.artifact]);
  const lockFile = path.join(world.folder, 'deps.lock.json');
  fs.writeFileSync(lockFile, formatLock(lock));
  return {
    ...world,
    s3,
    root: path.join(dir, storeName(what.artifact.digest)),
    load: async () => (await resolveDependencies(lock, world.settings)).artifacts[0]?.source,
    loadApart: (wrap, env) =>
      runLoad([process.execPath, child], { ...world.env, LOAD_LOCK: lockFile, ...env }, wrap),
    left: () => (fs.existsSync(dir) ? fs.readdirSync(dir) : []),
  };
}

/** A shell line that mounts a tmpfs at DEPS_DIR and runs the command in it. */
function onTmpfs(dir: string, options: string, then = '"$@"'): { by: string[]; shell: string } {
  fs.mkdirSync(dir, { recursive: true });
  return {
    by: ['unshare', '-rm'],
    shell: `mount -t tmpfs -o ${options},mode=700 tmpfs ${dir} && cd ${dir} && { ${then}; }`,
  };
}

function skipWithoutMounts(t: ExecutionContext): boolean {
  if (canMount) return false;
  t.log('SKIPPED: this row mounts a tmpfs and needs root or user namespaces');
  t.pass();
  return true;
}

test('B1 too little space is found before the download, with need and have', async t => {
  if (skipWithoutMounts(t)) return;
  const here = await place(t);
  const { error } = await here.loadApart(onTmpfs(here.settings.dir, 'size=32k'));
  t.is(error?.code, 'DEPS_NOSPACE');
  t.true(Number(error?.details['needBytes']) > Number(error?.details['haveBytes']));
  t.is(here.s3.requests.length, 0);
});

test('B1 room is made by sweeping copies that this lock does not name', async t => {
  if (skipWithoutMounts(t)) return;
  const here = await place(t);
  const other = `sha256-${'0'.repeat(64)}`;
  const fill = `mkdir ${other} && head -c 180000 /dev/zero >${other}/x; "$@"; ls -A`;
  const result = await here.loadApart(onTmpfs(here.settings.dir, 'size=220k', fill));
  const [line = '', ...names] = result.stdout.trim().split('\n');
  t.deepEqual(JSON.parse(line).sources, { core: 's3' }, line);
  t.deepEqual(names, [storeName(made.artifact.digest)]);
});

test('B2 the disk fills up in the middle: nothing is left, and the next start works', async t => {
  if (skipWithoutMounts(t)) return;
  const here = await place(t);
  // Inodes run out, which no check of free bytes foresees.
  const lines = '"$@"; ls -A | wc -l; mount -o remount,nr_inodes=100 .; "$@"';
  const { stdout } = await here.loadApart(onTmpfs(here.settings.dir, 'size=2m,nr_inodes=7', lines));
  const [first = '', count, second = ''] = stdout.trim().split('\n');
  t.is(JSON.parse(first).error?.code, 'DEPS_NOSPACE', first);
  t.is(count?.trim(), '0');
  t.deepEqual(JSON.parse(second).sources, { core: 's3' });
});

test('B3 a file size limit (EFBIG) is named and leaves nothing', async t => {
  const big = await makeArtifact({ 'big/index.js': '//'.padEnd(20_000, 'x') });
  const here = await place(t, big);
  const { error } = await here.loadApart({ shell: 'ulimit -f 8; "$@"' });
  t.is(error?.code, 'DEPS_NOSPACE');
  t.is(error?.details['found'], 'EFBIG');
  t.deepEqual(here.left(), []);
  t.is(await here.load(), 's3');
});

test('B4 64 file descriptors are enough', async t => {
  const many = await makeArtifact(
    Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`many/file-${i}.js`, `module.exports = ${i};\n`]),
    ),
  );
  const here = await place(t, many);
  const { sources, error } = await here.loadApart({ shell: 'ulimit -n 64; "$@"' });
  t.deepEqual(sources, { core: 's3' }, JSON.stringify(error));
});

test('B5 a read-only DEPS_DIR is named; the layer does not mind', async t => {
  if (skipWithoutMounts(t)) return;
  const here = await place(t);
  const readOnly = onTmpfs(here.settings.dir, 'ro');
  const { error } = await here.loadApart(readOnly);
  t.is(error?.code, 'DEPS_READONLY', JSON.stringify(error));
  unpackTo(here.settings.layerRoot);
  const result = await here.loadApart(readOnly, { DEPS_SOURCE: 'auto' });
  t.deepEqual(result.sources, { core: 'layer' });
});

test('B6 work folders of dead processes are swept, those of living ones are not', async t => {
  const here = await place(t);
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  for (const pid of [dead, process.ppid]) {
    fs.mkdirSync(path.join(here.settings.dir, `.work-${pid}-abc`, 'tree'), { recursive: true });
  }
  t.is(await here.load(), 's3');
  t.deepEqual(here.left().sort(), [`.work-${process.ppid}-abc`, storeName(made.artifact.digest)]);
  t.true(here.events.some(({ event }) => event === 'swept'));
});

test('B6 a work folder of our own number, but older than this process, is from a former life', async t => {
  const here = await place(t);
  for (const name of ['old', 'new']) {
    const folder = path.join(here.settings.dir, `.work-${process.pid}-${name}`);
    fs.mkdirSync(folder, { recursive: true });
    if (name === 'old') fs.utimesSync(folder, 1000, 1000);
  }
  await here.load();
  t.deepEqual(here.left().sort(), [`.work-${process.pid}-new`, storeName(made.artifact.digest)]);
});

test('B6 a partial tree under the final name is no tree', async t => {
  const here = await place(t);
  fs.mkdirSync(path.join(here.root, modulesPath, 'small'), { recursive: true });
  fs.writeFileSync(path.join(here.root, modulesPath, 'small/package.json'), '{}');
  t.is(await here.load(), 's3');
  t.is(await here.load(), 'tmp');
});

test('B7 a complete tree is used again after hashing: no request', async t => {
  const here = await place(t);
  t.is(await here.load(), 's3');
  t.is(await here.load(), 'tmp');
  t.is(here.s3.requests.length, 1);
});

const module = `${modulesPath}/small/index.mjs`;
const outside = '/etc/hostname';
const tamperings: Readonly<Record<string, (root: string) => void>> = {
  'B8 one byte changed': root => change(`${root}/${module}`, text => text.replace('small', 'smalL')),
  'B8 a file more': root => fs.writeFileSync(`${root}/${modulesPath}/small/more.js`, ''),
  'B8 a package more': root => {
    fs.mkdirSync(`${root}/${modulesPath}/more`);
    fs.writeFileSync(`${root}/${modulesPath}/more/index.js`, '');
  },
  'B8 an empty folder more': root => fs.mkdirSync(`${root}/${modulesPath}/fs`),
  'B8 a link more': root => fs.symlinkSync(outside, `${root}/${modulesPath}/small/link`),
  'B8 a file exchanged for a link': root => {
    fs.renameSync(`${root}/${module}`, `${root}/../moved`);
    fs.symlinkSync(`${root}/../moved`, `${root}/${module}`);
  },
  'B8 a hard link': root => fs.linkSync(`${root}/${module}`, `${root}/../second-name`),
  'B8 a folder exchanged for a link': root => {
    fs.renameSync(`${root}/nodejs`, `${root}/../elsewhere`);
    fs.symlinkSync('../elsewhere', `${root}/nodejs`);
  },
  'B8 a FIFO more': root => void spawnSync('mkfifo', [`${root}/${modulesPath}/small/pipe`]),
  'B8 a mode changed': root => fs.chmodSync(`${root}/${module}`, 0o755),
  'B8 a file that others can write': root => fs.chmodSync(`${root}/${module}`, 0o666),
  'B8 a folder that others can write': root => fs.chmodSync(`${root}/${modulesPath}`, 0o777),
  'B8 the marker changed': root =>
    change(`${root}/${markerPath('core')}`, text => text.replace('x86_64', 'arm64')),
  'B8 the marker is no JSON': root =>
    change(`${root}/${markerPath('core')}`, text => '.'.repeat(text.length)),
  'B9 a file is missing': root => fs.rmSync(`${root}/${module}`),
  'B9 the marker is missing': root => fs.rmSync(`${root}/${markerPath('core')}`),
  'B9 everything but the marker is missing': root => fs.rmSync(`${root}/${modulesPath}`, { recursive: true }),
  'B9 a file cut short': root => fs.truncateSync(`${root}/${module}`, 3),
  'B11 the final name is a link to a folder': root => {
    fs.renameSync(root, `${root}.moved`);
    fs.symlinkSync(`${root}.moved`, root);
  },
  'B11 the final name is a file': root => {
    fs.rmSync(root, { recursive: true });
    fs.writeFileSync(root, '');
  },
};

for (const [title, tamper] of Object.entries(tamperings)) {
  test(`${title}: seen, removed, reported, loaded again`, async t => {
    const here = await place(t);
    await here.load();
    tamper(here.root);
    t.is(await here.load(), 's3');
    t.deepEqual(
      here.events.filter(({ event }) => event === 'security').map(({ level }) => level),
      ['warn'],
    );
    t.is(await here.load(), 'tmp');
    t.true(fs.existsSync(outside));
  });
}

if (process.getuid?.() === 0) {
  test("B8 somebody else's file is not ours", async t => {
    const here = await place(t);
    await here.load();
    fs.chownSync(`${here.root}/${module}`, 993, 993);
    t.is(await here.load(), 's3');
  });

  test("B11 a DEPS_DIR that is somebody else's is refused", async t => {
    const here = await place(t);
    fs.mkdirSync(here.settings.dir);
    fs.chownSync(here.settings.dir, 993, 993);
    await t.throwsAsync(here.load(), { code: 'DEPS_UNSAFE_DIR' });
  });
}

test('B11 a DEPS_DIR that is a link is refused, and nothing is written through it', async t => {
  const here = await place(t);
  const victim = path.join(here.folder, 'victim');
  fs.mkdirSync(victim);
  fs.symlinkSync(victim, here.settings.dir);
  await t.throwsAsync(here.load(), { code: 'DEPS_UNSAFE_DIR' });
  t.deepEqual(fs.readdirSync(victim), []);
});

test('B11 a DEPS_DIR that is a dangling link or a file is refused', async t => {
  const here = await place(t);
  fs.symlinkSync(path.join(here.folder, 'nowhere'), here.settings.dir);
  await t.throwsAsync(here.load(), { code: 'DEPS_UNSAFE_DIR' });
  fs.rmSync(here.settings.dir);
  fs.writeFileSync(here.settings.dir, '');
  await t.throwsAsync(here.load(), { code: 'DEPS_UNSAFE_DIR' });
});

test('B11 a DEPS_DIR of ours that others can write is closed to them', async t => {
  const here = await place(t);
  fs.mkdirSync(here.settings.dir);
  fs.chmodSync(here.settings.dir, 0o777);
  t.is(await here.load(), 's3');
  t.is(fs.statSync(here.settings.dir).mode & 0o777, 0o700);
});

test('B10 eight processes at once, over a tampered copy: one result, no error', async t => {
  const here = await place(t);
  await here.load();
  change(`${here.root}/${module}`, text => text.replace('small', 'smalL'));
  const results = await Promise.all(
    Array.from({ length: 8 }, () => here.loadApart(undefined, { LOAD_IMPORT: 'small' })),
  );
  for (const { imported, error, stderr } of results) {
    t.is(imported, 'small as a module', `${JSON.stringify(error)} ${stderr}`);
  }
  t.deepEqual(here.left(), [storeName(made.artifact.digest)]);
});

test('B12 killed after the download: the next start needs no request', async t => {
  const here = await place(t);
  const { signal } = await here.loadApart(undefined, { LOAD_THEN: 'die' });
  t.is(signal, 'SIGKILL');
  const { sources } = await here.loadApart();
  t.deepEqual(sources, { core: 'tmp' });
  t.is(here.s3.requests.length, 1);
});

test('B15 a 24 MB artifact at 64 MB of heap: the peak is at most the zip and 32 MB', async t => {
  const block = fs.readFileSync(process.execPath).subarray(20_000_000, 44_000_000);
  const files = Array.from({ length: 24 }, (_, i) => [
    `big/${i}.bin`,
    block.subarray(i * 1e6, (i + 1) * 1e6),
  ]);
  const big = await makeArtifact(Object.fromEntries(files));
  const small = await (await place(t)).loadApart();
  const here = await place(t, big);
  const {
    sources,
    error,
    peakKb = 0,
  } = await here.loadApart({ shell: '"$@"' }, { NODE_OPTIONS: '--max-old-space-size=64' });
  t.deepEqual(sources, { core: 's3' }, JSON.stringify(error));
  const grownKb = peakKb - (small.peakKb ?? 0);
  t.log(`zip ${Math.round(big.zip.length / 1024)} KB, peak above a tiny artifact ${grownKb} KB`);
  t.true(grownKb * 1024 <= big.zip.length + 32 * 1_048_576, `${grownKb} KB`);
});

test('B16 the wall clock jumps: no bound is touched', async t => {
  const here = await place(t);
  let jumps = 0;
  const wall = () => Date.now() + 3_600_000 * jumps++;
  await resolveDependencies(lockOf([made.artifact]), {
    ...here.settings,
    clock: { ...here.settings.clock, wall },
  });
  t.is(await here.load(), 'tmp');
});

test('B16 frozen until the deadline is over: a coded error, and the next try works over a new connection', async t => {
  const here = await place(t);
  let thawedAt = 0;
  const monotonic = () => performance.now() + thawedAt;
  const sleepy = { ...here.settings.clock, monotonic };
  const credentials: typeof here.settings.credentials = async ms => {
    thawedAt = 3_600_000;
    return here.settings.credentials(ms);
  };
  const lock = lockOf([made.artifact]);
  const error = await t.throwsAsync<HandlerError>(
    resolveDependencies(lock, { ...here.settings, clock: sleepy, credentials }),
  );
  t.is(error.code, 'DEPS_TIMEOUT');
  t.is((await resolveDependencies(lock, { ...here.settings, clock: sleepy })).artifacts[0]?.source, 's3');
});

/** A layer as Lambda mounts it. */
function unpackTo(layerRoot: string): void {
  for (const { path: name, content } of made.files) {
    const file = path.join(layerRoot, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
}

function change(file: string, edit: (text: string) => string): void {
  fs.writeFileSync(file, edit(fs.readFileSync(file, 'utf8')));
}
