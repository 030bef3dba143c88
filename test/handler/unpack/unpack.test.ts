/** The contract of `unpack`: what lies on the disk afterwards, and that a failure leaves the disk as it was. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { digestOf, sha256Hex, treeOf } from '../../../artifact/digest.ts';
import { HandlerError } from '../../../handler/errors.ts';
import { unpack, workPrefix } from '../../../handler/unpack.ts';
import { defaultLimits, readArchive } from '../../../handler/zip/read.ts';
import { fileOf } from '../../../layer-builder/build/file.ts';
import { writeZip } from '../../../layer-builder/build/zip.ts';
import { soundArchives } from '../../support/zips/sound.ts';
import type { ArchiveSpec } from '../../support/zips/write.ts';
import { makeZip } from '../../support/zips/write.ts';
import { readTree, temporaryFolder, treeInMemory } from './support.ts';

const files = [
  { name: 'a/run', data: '#!/bin/sh\n', mode: 0o100755 },
  { name: 'a/b/c.js', data: 'c'.repeat(2_000) },
  { name: 'd.js', data: 'd', method: 0 as const },
];
const zip = makeZip({ entries: files });
const broken = makeZip({ entries: [...files, { name: 'z', data: 'z', both: { crc32: 1 } }] });

for (const [mode, expected] of [
  [0o100644, 0o644],
  [0o100755, 0o755],
  [0o100777, 0o755],
  [0o100666, 0o644],
  [0o100000, 0o644],
  [0o100600, 0o644],
  [0o100555, 0o755],
  [0o100750, 0o755],
  [0o100744, 0o644],
  [0o000755, 0o755],
  [0o000000, 0o644],
] as const) {
  test(`C7 a file of mode 0${mode.toString(8)} is written as 0${expected.toString(8)}`, t => {
    const into = join(temporaryFolder(t), 'into');
    unpack(makeZip({ entries: [{ name: 'f', mode, data: 'x' }] }), into);
    t.is(readTree(into)['f']?.mode, expected);
  });
}

for (const [system, host, expected] of [
  ['Unix', 3, 0o755],
  ['macOS', 19, 0o755],
  ['DOS', 0, 0o644],
  ['NTFS', 10, 0o644],
] as const) {
  test(`C7 bits to execute count when they come from a system that has them: ${system}`, t => {
    const into = join(temporaryFolder(t), 'into');
    const central = { madeBy: host * 256 + 30, attributes: 0o100755 * 0x10000 };
    unpack(
      makeZip({
        entries: [
          { name: 'f', central, data: 'x' },
          { name: 'g/', central: { madeBy: central.madeBy, attributes: 0x10 } },
        ],
      }),
      into,
    );
    t.is(readTree(into)['f']?.mode, expected);
    t.is(fs.statSync(join(into, 'g')).mode & 0o777, 0o755);
  });
}

test('C7 folders and files get their modes under any umask', t => {
  const folder = temporaryFolder(t);
  fs.writeFileSync(join(folder, 'a.zip'), zip);
  const program = `process.umask(0o077); const { unpack } = await import(${JSON.stringify(new URL('../../../handler/unpack.ts', import.meta.url).href)});
    unpack((await import('node:fs')).readFileSync('a.zip'), 'into');`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
  const modes = ['', 'a', 'a/b', 'a/run', 'a/b/c.js'].map(
    path => fs.statSync(join(folder, 'into', path)).mode & 0o777,
  );
  t.deepEqual(modes, [0o755, 0o755, 0o755, 0o755, 0o644]);
});

for (const sound of soundArchives) {
  test(`an archive ${sound.title} is unpacked, and its tree is the one of the files on disk`, t => {
    const into = join(temporaryFolder(t), 'into');
    const report = unpack(sound.zip, into);
    const written = Object.entries(readTree(into));
    t.is(report.files, written.length);
    t.is(
      report.bytes,
      written.reduce((sum, [, { content }]) => sum + content.length, 0),
    );
    const onDisk = written.map(([path, { content, mode }]) => ({
      path,
      mode,
      sha256: sha256Hex(Buffer.from(content, 'latin1')),
    }));
    t.is(report.tree, treeOf(onDisk));
    t.is(report.tree, treeInMemory(sound.zip));
  });
}

test("what the builder writes is unpacked, and the tree leaves out the artifact's marker alone", async t => {
  const content = [
    fileOf('nodejs/node_modules/a/index.js', 'a'),
    fileOf('nodejs/.layer-builder/core.sbom.json', '{}'),
  ];
  const made = await writeZip([...content, fileOf('nodejs/.layer-builder/core.json', '{"name":"core"}')]);
  const into = join(temporaryFolder(t), 'into');
  const report = unpack(
    made,
    into,
    {},
    { files: 3, bytes: 18, tree: treeOf(content), marker: 'nodejs/.layer-builder/core.json' },
  );
  t.is(report.tree, treeOf(content));
  t.is(unpack(made, `${into}2`).tree, treeOf(content));
});

test('files larger than the window come out whole', t => {
  const large = Buffer.alloc(3_500_000);
  for (let at = 0; at < large.length; at += 97) large[at] = at & 0xff;
  const into = join(temporaryFolder(t), 'into');
  const made = makeZip({
    entries: [
      { name: 'large', data: large },
      { name: 'exact', data: large.subarray(0, 1_048_576) },
    ],
  });
  const report = unpack(made, into);
  t.is(digestOf(fs.readFileSync(join(into, 'large'))), digestOf(large));
  t.is(digestOf(fs.readFileSync(join(into, 'exact'))), digestOf(large.subarray(0, 1_048_576)));
  t.is(report.tree, treeInMemory(made));
});

for (const [what, expect] of [
  ['files', { files: 4 }],
  ['bytes', { bytes: 1 }],
  ['tree', { tree: digestOf(Buffer.alloc(0)) }],
] as const) {
  test(`an archive with other ${what} than promised is refused, and nothing is left`, t => {
    const folder = temporaryFolder(t);
    const error = t.throws(() => unpack(zip, join(folder, 'into'), {}, expect), { instanceOf: HandlerError });
    t.is(error?.code, 'ZIP_UNEXPECTED');
    t.deepEqual(fs.readdirSync(folder), []);
  });
}

for (const [limit, limits] of [
  ['entries', { maxEntries: 4 }],
  ['bytes', { maxTotalBytes: 2_000 }],
  ['bytes of one file', { maxEntryBytes: 1_999 }],
] as const) {
  test(`the caller's limit of ${limit} holds`, t => {
    const folder = temporaryFolder(t);
    const error = t.throws(() => unpack(zip, join(folder, 'into'), limits), { instanceOf: HandlerError });
    t.is(error?.code, 'ZIP_LIMIT');
    t.deepEqual(fs.readdirSync(folder), []);
  });
}

test('limits are inclusive: an archive that is exactly as large is unpacked', t => {
  const into = join(temporaryFolder(t), 'into');
  // Three files and the folders a and a/b; 10 + 2,000 + 1 bytes.
  const limits = { maxEntries: 5, maxTotalBytes: 2_011, maxEntryBytes: 2_000 };
  t.is(unpack(zip, into, limits).bytes, 2_011);
});

for (const [what, occupy] of [
  ['a folder that is not empty', into => fs.mkdirSync(join(into, 'x'), { recursive: true })],
  ['a file', into => fs.writeFileSync(into, 'mine')],
  ['a link to an empty folder', into => link(into, `${into}-elsewhere`)],
  ['a dangling link', into => fs.symlinkSync(`${into}-nowhere`, into)],
] as readonly (readonly [string, (into: string) => void])[]) {
  test(`B11 ${what} at the target is refused and stays as it was`, t => {
    const folder = temporaryFolder(t);
    const into = join(folder, 'into');
    occupy(into);
    const before = fs.readdirSync(folder, { recursive: true }).sort();
    const error = t.throws(() => unpack(zip, into), { instanceOf: HandlerError });
    t.is(error?.code, 'ZIP_TARGET');
    t.deepEqual(fs.readdirSync(folder, { recursive: true }).sort(), before);
  });
}

test('an empty folder at the target is replaced, folders above it are made', t => {
  const into = join(temporaryFolder(t), 'x/y/into');
  fs.mkdirSync(into, { recursive: true });
  unpack(zip, into);
  unpack(zip, join(into, '../../other/into'));
  t.deepEqual(readTree(into), readTree(join(into, '../../other/into')));
});

test('a refusal says what was expected, what was found, where, and what to do next', t => {
  const into = join(temporaryFolder(t), 'into');
  const refusal = (archive: Buffer, limits = {}, expect = {}) => {
    const { message, hint, details } = t.throws(() => unpack(archive, into, limits, expect), {
      instanceOf: HandlerError,
    }) as HandlerError;
    return { message, hint, details };
  };
  const named = makeZip({ entries: [...files, { name: '../"' }] });
  const expected = 'a relative path without empty, "." and ".." components';
  t.deepEqual(refusal(named), {
    message: `entry 3 "../\\u{22}": name (expected ${expected}, found one of them)`,
    hint: 'do not use this archive; build it again, or write it with "layer-builder build"',
    details: { expected, found: 'one of them', entry: 3, name: '"../\\u{22}"' },
  });
  const sums = { expected: '1 bytes with CRC-32 00000001', found: '1 bytes with 62d277af' };
  t.like(refusal(broken), {
    message: `content of "z" (expected ${sums.expected}, found ${sums.found})`,
    details: { ...sums, name: '"z"' },
  });
  t.regex(refusal(zip, { maxEntries: 1 }).hint ?? '', /^raise the limit only if/);
  t.regex(refusal(zip, {}, { files: 4 }).hint ?? '', /^build and publish the artifact and its lock again/);
  fs.writeFileSync(into, '');
  t.like(refusal(zip), {
    message: 'cannot unpack into "into" (expected no such folder, or an empty one, found something there)',
    hint: 'name a folder that does not exist or is empty',
  });
});

test('what is said of records that do not fit has true figures', t => {
  // stored: two files of 4 bytes, 35 bytes of local header and data each, 47 of central header
  const stored = ['a', 'b'].map(name => ({ name, data: 'text', method: 0 as const }));
  const [one = { name: '' }] = stored;
  const said: readonly [spec: ArchiveSpec, words: RegExp][] = [
    [
      { entries: stored, end: { entries: 3, here: 3 } },
      /as many as the directory holds, found 3 in 94 bytes/,
    ],
    [{ entries: stored, end: { entries: 1, here: 1 } }, /expected 1 entries, found 47 bytes more/],
    [
      { entries: [{ ...one, after: Buffer.from('junk') }] },
      /expected none, found 4 bytes that no entry owns/,
    ],
    [{ entries: [{ ...one, both: { packed: 99, size: 99 } }] }, /expected at most 4 bytes, found 99/],
  ];
  for (const [spec, words] of said) {
    const error = t.throws(() => treeInMemory(makeZip(spec)), { instanceOf: HandlerError });
    t.regex(error?.message ?? '', words);
  }
  t.throws(() => readArchive(makeZip({ entries: stored }), { ...defaultLimits, maxEntries: 1 }), {
    message: /too many entries \(expected at most 1, found 2\)/,
  });
  t.is(readArchive(makeZip({ entries: stored }), { ...defaultLimits, maxEntries: 2 }).length, 2);
});

test('a name of 80 characters is shown whole, a longer one cut', t => {
  for (const [length, shown] of [
    [80, `"../${'a'.repeat(77)}"`],
    [81, `"../${'a'.repeat(77)}..."`],
  ] as const) {
    const hostile = makeZip({ entries: [{ name: `../${'a'.repeat(length - 3)}` }] });
    const error = t.throws(() => unpack(hostile, join(temporaryFolder(t), 'into')), {
      instanceOf: HandlerError,
    });
    t.is((error as HandlerError).details['name'], shown);
  }
});

test('content that proves broken after others were written leaves nothing', t => {
  const folder = temporaryFolder(t);
  const error = t.throws(() => unpack(broken, join(folder, 'into')), { instanceOf: HandlerError });
  t.is(error?.code, 'ZIP_DATA');
  t.deepEqual(fs.readdirSync(folder), []);
});

test('errors of the file system pass as they are and leave nothing', t => {
  const folder = temporaryFolder(t);
  const deep = join(folder, 'd'.repeat(200), 'd'.repeat(200), 'd'.repeat(200));
  fs.mkdirSync(deep, { recursive: true });
  // 4,096 bytes are the most that Linux takes for a path; the archive's own paths stay within their limit.
  const long = makeZip({
    entries: [
      { name: 'ok', data: 'ok' },
      ...[200, 255].map(size => ({ name: `${`${'p'.repeat(size)}/`.repeat(3)}f` })),
    ],
  });
  const into = join(deep, ...Array.from({ length: 14 }, () => 'e'.repeat(199)), 'into');
  t.throws(() => unpack(long, into), { code: 'ENAMETOOLONG' });
  t.deepEqual(fs.readdirSync(join(into, '..')), []);
  fs.writeFileSync(join(folder, 'file'), '');
  t.throws(() => unpack(zip, join(folder, 'file/into')), { code: 'ENOTDIR' });
});

test('of several threads that unpack to one place one wins, and the others learn it', async t => {
  const folder = temporaryFolder(t);
  const into = join(folder, 'into');
  const racers = Array.from({ length: 4 }, () => {
    const worker = new Worker(new URL('./race-worker.ts', import.meta.url), { workerData: { zip, into } });
    return new Promise<string>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  });
  const outcomes = (await Promise.all(racers)).sort();
  t.deepEqual(outcomes, ['ZIP_TARGET', 'ZIP_TARGET', 'ZIP_TARGET', 'done']);
  t.deepEqual(fs.readdirSync(folder), ['into']);
  t.is(Object.keys(readTree(into)).length, 3);
});

test('the private folder is not open to others while it is filled', t => {
  const folder = temporaryFolder(t);
  const seen: number[] = [];
  const watched = makeZip({ entries: [{ name: 'x', data: 'x' }] });
  // The archive's bytes are read after the folder is made: a getter sees the folder in that moment.
  const spy = new Proxy(watched, {
    get(target, key) {
      const work = fs.readdirSync(folder).find(name => name.startsWith(workPrefix));
      if (work !== undefined) seen.push(fs.statSync(join(folder, work)).mode & 0o777);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  unpack(spy, join(folder, 'into'));
  t.true(seen.length > 0);
  t.true(seen.every(mode => mode === 0o700));
});

function link(into: string, target: string): void {
  fs.mkdirSync(target);
  fs.symlinkSync(target, into);
}
