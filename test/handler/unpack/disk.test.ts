/** What the disk does to the unpacker: a strict umask, other processes, errors of single calls. Serial: it stubs fs. */
import fs from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { HandlerError } from '../../../handler/errors.ts';
import { unpack } from '../../../handler/unpack.ts';
import { failWith, stubFs } from '../../support/stub-fs.ts';
import { makeZip } from '../../support/zips/write.ts';
import { readTree, temporaryFolder, treeInMemory } from './support.ts';

const zip = makeZip({
  entries: [
    { name: 'a/run', data: '#!/bin/sh\n', mode: 0o100755 },
    { name: 'a/b/c.js', data: 'c'.repeat(2_000) },
    { name: 'empty/' },
  ],
});

test.serial('C7 files and folders get their modes where a umask takes bits away', t => {
  const into = join(temporaryFolder(t), 'into');
  const masked = (mode: unknown) => (typeof mode === 'number' ? mode & 0o700 : mode);
  stubFs(t, 'mkdirSync', (real, path, mode) => real(path, masked(mode)));
  stubFs(t, 'openSync', (real, path, flags, mode) => real(path, flags, masked(mode)));
  unpack(zip, into);
  const modes = ['', 'a', 'a/b', 'empty', 'a/run', 'a/b/c.js'].map(
    path => fs.statSync(join(into, path)).mode & 0o777,
  );
  t.deepEqual(modes, [0o755, 0o755, 0o755, 0o755, 0o755, 0o644]);
});

test.serial('no mode is set a second time where no umask takes bits away', t => {
  const set: unknown[] = [];
  for (const name of ['chmodSync', 'fchmodSync'] as const) stubFs(t, name, (_, path) => set.push(path));
  unpack(zip, join(temporaryFolder(t), 'into'));
  t.deepEqual(set, []);
});

for (const code of ['ENOTEMPTY', 'EEXIST', 'ENOTDIR']) {
  test.serial(`B10 ${code} at the last moment: another was faster, and nothing of ours is left`, t => {
    const folder = temporaryFolder(t);
    stubFs(t, 'renameSync', () => failWith(code));
    const error = t.throws(() => unpack(zip, join(folder, 'into')), { instanceOf: HandlerError });
    t.is((error as HandlerError).code, 'ZIP_TARGET');
    t.deepEqual(fs.readdirSync(folder), []);
  });
}

test.serial('a move that fails otherwise is passed on as it is', t => {
  const folder = temporaryFolder(t);
  stubFs(t, 'renameSync', () => failWith('EIO'));
  t.throws(() => unpack(zip, join(folder, 'into')), { code: 'EIO' });
  t.deepEqual(fs.readdirSync(folder), []);
});

test.serial('B11 nothing is unpacked where the target is in use', t => {
  const folder = temporaryFolder(t);
  stubFs(t, 'mkdtempSync', () => t.fail());
  fs.writeFileSync(join(folder, 'file'), '');
  fs.mkdirSync(join(folder, 'full/x'), { recursive: true });
  for (const name of ['file', 'full']) {
    t.throws(() => unpack(zip, join(folder, name)), { message: /something there/ });
  }
});

test.serial('B4 every file is closed, also after an error', t => {
  const open: number[] = [];
  stubFs(t, 'openSync', (real, ...args) => {
    const file = real(...args) as number;
    open.push(file);
    return file;
  });
  stubFs(t, 'closeSync', (real, file) => {
    open.splice(open.indexOf(file as number), 1);
    return real(file);
  });
  unpack(zip, join(temporaryFolder(t), 'into'));
  t.deepEqual(open, []);
  stubFs(t, 'writeSync', () => failWith('ENOSPC'));
  t.throws(() => unpack(zip, join(temporaryFolder(t), 'into')), { code: 'ENOSPC' });
  t.deepEqual(open, []);
});

test.serial('B2 a write that takes a part of the bytes is followed by another', t => {
  const into = join(temporaryFolder(t), 'into');
  stubFs(t, 'writeSync', (real, file, bytes, at, length) => {
    const rest = (length as number | undefined) ?? (bytes as Buffer).length - Number(at ?? 0);
    return real(file, bytes, at, Math.min(rest, 7));
  });
  unpack(zip, into);
  t.is(readTree(into)['a/b/c.js']?.content, 'c'.repeat(2_000));
});

test('the report counts files, folders that are listed and bytes', t => {
  t.deepEqual(unpack(zip, join(temporaryFolder(t), 'into')), {
    files: 2,
    folders: 1,
    bytes: 2_010,
    tree: treeInMemory(zip),
  });
});

test('what is not as promised is said; the marker that is named is the only one left out', t => {
  const folder = temporaryFolder(t);
  const said = (expect: object) =>
    t.throws(() => unpack(zip, join(folder, 'into'), {}, expect), { instanceOf: HandlerError })?.message;
  const what = 'not the archive that was promised';
  t.is(said({ files: 3 }), `${what}: files (expected 3, found 2)`);
  t.is(said({ bytes: 1 }), `${what}: bytes (expected 1, found 2010)`);
  t.is(said({ tree: 'sha256:0' }), `${what}: tree (expected sha256:0, found ${treeInMemory(zip)})`);

  const own = (name: string) => ({ name: `nodejs/.layer-builder/${name}.json`, data: name });
  const two = makeZip({ entries: [own('core'), own('docs')] });
  const trees = [undefined, 'nodejs/.layer-builder/core.json', 'nodejs/.layer-builder/docs.json'].map(
    (marker, index) => unpack(two, join(folder, `${index}`), {}, marker === undefined ? {} : { marker }).tree,
  );
  t.is(new Set(trees).size, 3);
});
