/** Two threads unpack as one does: the same files, the same refusals, nothing left; and one alone where the other is lost. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { HandlerError } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { coreMb, roomFor } from '../../../handler/memory.ts';
import type { Expected } from '../../../handler/unpack.ts';
import { unpack } from '../../../handler/unpack.ts';
import type { WriteJob } from '../../../handler/write.ts';
import { jobOf, settle, writeEntries } from '../../../handler/write.ts';
import { defaultLimits } from '../../../handler/zip/read.ts';
import { readTable } from '../../../handler/zip/table.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import { serve, startChaosS3 } from '../../support/chaos-s3.ts';
import { loaderWorld } from '../../support/loader-world.ts';
import { inSharedMemory, twoThreads } from '../../support/threads.ts';
import { soundArchives } from '../../support/zips/sound.ts';
import type { EntrySpec } from '../../support/zips/write.ts';
import { makeZip } from '../../support/zips/write.ts';
import { readTree, temporaryFolder, treeInMemory } from './support.ts';

/** Enough for both threads; four are larger than the window, and stored. */
const many: readonly EntrySpec[] = Array.from({ length: 400 }, (_, index) => ({
  name: `folder-${index % 37}/deep/${index}.js`,
  data: Buffer.alloc(index % 100 === 0 ? 1_500_000 : 1_000 + index, `${index} `),
  method: index % 100 === 0 ? 0 : 8,
  mode: index % 3 === 0 ? 0o100755 : 0o100644,
}));
const wrong = (...at: number[]) =>
  makeZip({
    entries: many.map((entry, index) => (at.includes(index) ? { ...entry, both: { crc32: 1 } } : entry)),
  });
const zip = makeZip({ entries: many });

test('two threads write what one writes', t => {
  const folder = temporaryFolder(t);
  const alone = unpack(Buffer.from(zip), join(folder, 'alone'));
  const both = unpack(inSharedMemory(zip), join(folder, 'both'));
  t.deepEqual(both, alone);
  t.is(both.tree, treeInMemory(zip));
  t.deepEqual(readTree(join(folder, 'both')), readTree(join(folder, 'alone')));
  for (const [index, { zip: sound }] of soundArchives.entries()) {
    t.is(unpack(inSharedMemory(sound), join(folder, `${index}`)).tree, treeInMemory(sound));
  }
  t.false(fs.readdirSync(folder).some(name => name.startsWith('.')));
});

/** Each is met by whichever thread takes that entry. */
const refusals: Readonly<Record<string, readonly [zip: Buffer, expect?: Expected]>> = {
  'the first entry is broken': [wrong(0)],
  'the last entry is broken': [wrong(many.length - 1)],
  'entries of both threads are broken': [wrong(...many.keys())],
  'a header is broken': [makeZip({ entries: [...many, { name: '../x' }] })],
  'the tree is another': [zip, { tree: 'sha256:0' }],
};

for (const [title, [archive, expect]] of Object.entries(refusals)) {
  test(`two threads refuse as one does, and leave nothing: ${title}`, t => {
    const folder = temporaryFolder(t);
    const refusal = (bytes: Buffer) => {
      const error = t.throws(() => unpack(bytes, join(folder, 'into'), {}, expect)) as HandlerError;
      t.deepEqual(fs.readdirSync(folder), []);
      return { code: error.code, message: error.message, hint: error.hint, details: error.details };
    };
    t.deepEqual(refusal(inSharedMemory(archive)), refusal(Buffer.from(archive)));
  });
}

test('an error of the file system comes out of two threads as it comes out of one', t => {
  // the longest path that Linux takes is 4,096 bytes; those in the archive stay within its limit
  const long = `${`${'p'.repeat(250)}/`.repeat(3)}${'f'.repeat(250)}`;
  const archive = makeZip({ entries: [...many, { name: long }] });
  const into = join(temporaryFolder(t), ...Array.from({ length: 16 }, () => 'd'.repeat(200)), 'into');
  for (const bytes of [inSharedMemory(archive), Buffer.from(archive)]) {
    t.throws(() => unpack(bytes, into), { code: 'ENAMETOOLONG' });
    t.deepEqual(fs.readdirSync(join(into, '..')), []);
  }
});

/** What may become of the second thread: Node's own class is replaced for one call. */
const losses: Readonly<Record<string, (job: WriteJob) => void>> = {
  'does not start': () => {},
  'dies with entries in its hands': ({ state }) => void Atomics.add(state, 0, 64),
  'meets what the first one does not': job => writeEntries({ ...job, root: '/dev/null' }),
};

for (const [title, lose] of Object.entries(losses)) {
  test.serial(`one thread does it all when the second one ${title}`, t => {
    const folder = temporaryFolder(t);
    const threads = process.getBuiltinModule('node:worker_threads');
    const { Worker } = threads;
    let started = 0;
    class Lost {
      constructor(_program: URL, { workerData }: { workerData: WriteJob }) {
        started += 1;
        try {
          lose(workerData);
        } catch {
          // ends it, as an error ends a thread
        }
      }
      unref(): void {}
      on(): void {}
      terminate(): void {}
    }
    Object.assign(threads, { Worker: Lost });
    t.teardown(() => Object.assign(threads, { Worker }));
    t.is(unpack(inSharedMemory(zip), join(folder, 'into')).tree, treeInMemory(zip));
    t.is(started, 1);
    t.deepEqual(fs.readdirSync(folder), ['into']);
  });
}

test('a second thread that hangs is not waited for longer than patience lasts', t => {
  const job = jobOf(zip, readTable(zip, defaultLimits), temporaryFolder(t), false);
  // takes nothing, and never says that it is done
  Atomics.add(job.state, 2, 1);
  writeEntries(job);
  t.false(settle(job, 1));
  Atomics.sub(job.state, 2, 1);
  t.true(settle(job, 1));
});

test('memory is shared where an artifact has many files and the function has cores for two threads', t => {
  const rows: readonly [files: number, memoryMb: number, isShared: boolean][] = [
    [3_999, 10_240, false],
    [4_000, 10_240, true],
    [4_000, coreMb * 1.5, true],
    [4_000, coreMb, false],
    [60_000, 512, false],
  ];
  for (const [files, memoryMb, isShared] of rows) {
    const room = roomFor({ size: 10, files }, { memoryMb });
    t.is(room.buffer instanceof SharedArrayBuffer, isShared, `${files} files, ${memoryMb} MB`);
    t.is(room.length, 10);
  }
});

test('the loader gets an artifact from S3 with two threads as with one', async t => {
  const made = await makeArtifact(smallPackage);
  const s3 = await startChaosS3(serve(made.zip));
  t.teardown(s3.close);
  const trees = [];
  for (const threads of [{}, twoThreads]) {
    const { settings } = loaderWorld(t, s3.endpoint, threads);
    const { artifacts } = await resolveDependencies(lockOf([made.artifact]), settings);
    trees.push(readTree(artifacts[0]?.root ?? ''));
  }
  t.deepEqual(trees[1], trees[0]);
});
