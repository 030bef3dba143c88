/** FAULTS.md B1 to B5 and B15: full, small and read-only disks, few descriptors, little memory; in processes apart. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { storeName } from '../../../artifact/layout.ts';
import { makeArtifact } from '../../support/artifact.ts';
import { isTwoThreads } from '../../support/threads.ts';
import { made, place } from './place.ts';

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

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
  const lines = `mkdir fill && (cd fill && seq 92 | xargs touch); "$@"; ls -A | grep -v fill | wc -l; rm -r fill; "$@"`;
  const { stdout } = await here.loadApart(onTmpfs(here.settings.dir, 'size=2m,nr_inodes=100', lines));
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

// a second thread, which so few files never get, has memory of its own
const withOneThread = isTwoThreads ? test.skip : test;

withOneThread('B15 a 24 MB artifact at 64 MB of heap: the peak is at most the zip and 32 MB', async t => {
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

/** A layer as Lambda mounts it. */
function unpackTo(layerRoot: string): void {
  for (const { path: name, content } of made.files) {
    const file = path.join(layerRoot, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
}
