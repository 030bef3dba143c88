/** The zip reader of local-aws: any ordinary zip, modes and links kept, and never a byte outside its folder. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ZipArchive } from 'archiver';
import test, { type ExecutionContext } from 'ava';
import { readEntries, unpackInto, unzippedSize, ZipError } from '../../../local-aws/sandbox/zip.ts';

interface Item {
  readonly name: string;
  readonly text?: string;
  /** Unix mode with its type. */
  readonly mode?: number;
  readonly crc?: number;
}

const link = 0o120777;

/** A stored zip, name by name as given: writers of zips refuse what is tried here. */
function zipOf(items: readonly Item[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, text = 'x', mode = 0o100644, crc } of items) {
    const [bytes, data] = [Buffer.from(name), Buffer.from(text)];
    const fields = Buffer.alloc(26);
    fields.writeUInt32LE(crc ?? crc32(data), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(bytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, bytes, data]);
    const central = Buffer.alloc(16);
    central.writeUInt32LE((mode << 16) >>> 0, 8);
    central.writeUInt32LE(offset, 12);
    directory.push(Buffer.from('PK\x01\x02\x1e\x03', 'latin1'), fields, central.subarray(2), bytes);
    parts.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(items.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, list, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

function folderOf(t: ExecutionContext): { root: string; into: string; outside: string } {
  const root = mkdtempSync(join(tmpdir(), 'local-aws-zip-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const [into, outside] = [join(root, 'into'), join(root, 'outside')];
  for (const path of [into, outside, join(outside, 'b')]) mkdirSync(path);
  return { root, into, outside };
}

test('files, folders, modes and links come out as they went in', async t => {
  const { into } = folderOf(t);
  await unpackInto(
    zipOf([
      { name: 'bin/', text: '', mode: 0o040755 },
      { name: 'bin/run', text: '#!', mode: 0o100755 },
      { name: 'secret', text: 's', mode: 0o100600 },
      { name: 'setuid', mode: 0o104755 },
      { name: 'latest', text: 'bin/run', mode: link },
      { name: 'from-windows', mode: 0 },
    ]),
    into,
  );
  const mode = (name: string): number => lstatSync(join(into, name)).mode & 0o7777;
  t.deepEqual(
    [mode('bin/run'), mode('secret'), mode('setuid'), mode('from-windows')],
    [0o755, 0o600, 0o755, 0o644],
  );
  t.is(readlinkSync(join(into, 'latest')), 'bin/run');
});

test('a zip of archiver, deflated and with data descriptors, is read', async t => {
  const { into } = folderOf(t);
  const archive = new ZipArchive({ forceZip64: true });
  const chunks: Buffer[] = [];
  archive.on('data', (chunk: Buffer) => chunks.push(chunk));
  archive.append('y'.repeat(100_000), { name: 'deep/er/file.txt' });
  await archive.finalize();
  const zip = Buffer.concat(chunks);
  t.is(unzippedSize(readEntries(zip)), 100_000);
  await unpackInto(zip, into);
  t.is(readFileSync(join(into, 'deep/er/file.txt'), 'utf8').length, 100_000);
});

test('a later zip lies over an earlier one, file over folder and folder over link', async t => {
  const { into, outside } = folderOf(t);
  await unpackInto(
    zipOf([{ name: 'a', text: outside, mode: link }, { name: 'b/c' }, { name: 'd', text: 'old' }]),
    into,
  );
  await unpackInto(
    zipOf([
      { name: 'a/f', text: 'new' },
      { name: 'b', text: 'file' },
      { name: 'd', text: 'new' },
    ]),
    into,
  );
  t.deepEqual(
    [
      readFileSync(join(into, 'a/f'), 'utf8'),
      readFileSync(join(into, 'b'), 'utf8'),
      readFileSync(join(into, 'd'), 'utf8'),
    ],
    ['new', 'file', 'new'],
  );
  t.deepEqual(readdirSync(outside), ['b'], 'the link of the earlier zip was replaced, not followed');
});

const refused: readonly (readonly [string, (outside: string) => readonly Item[]])[] = [
  ['a name with ..', () => [{ name: '../evil' }]],
  ['a name with .. inside', () => [{ name: 'a/../../evil' }]],
  ['an absolute name', outside => [{ name: `${outside}/evil` }]],
  ['a backslash', () => [{ name: '..\\evil' }]],
  ['a zero byte', () => [{ name: 'a\0b' }]],
  ['a wrong checksum', () => [{ name: 'a', crc: 1 }]],
];
for (const [title, items] of refused) {
  test(`refused: ${title}`, async t => {
    const { root, into, outside } = folderOf(t);
    await t.throwsAsync(unpackInto(zipOf(items(outside)), into), { instanceOf: ZipError });
    t.deepEqual(readdirSync(root).sort(), ['into', 'outside']);
    t.deepEqual(readdirSync(outside), ['b']);
  });
}

const contained: readonly (readonly [string, (outside: string) => readonly Item[]])[] = [
  ['a file below a link', outside => [{ name: 'a', text: outside, mode: link }, { name: 'a/evil' }]],
  [
    'a link below a link',
    outside => [
      { name: 'a', text: outside, mode: link },
      { name: 'a/evil', text: 'x', mode: link },
    ],
  ],
  [
    'a link in place of a folder that is used again',
    outside => [
      { name: 'a/b/f' },
      { name: 'a', text: outside, mode: link },
      { name: 'a/b/evil', text: 'x', mode: link },
    ],
  ],
  [
    'a chain of links',
    outside => [
      { name: 'a', text: 'b', mode: link },
      { name: 'b', text: outside, mode: link },
      { name: 'a/evil' },
    ],
  ],
  [
    'a file over a link',
    outside => [
      { name: 'a', text: `${outside}/evil`, mode: link },
      { name: 'a', text: 'x' },
    ],
  ],
];
for (const [title, items] of contained) {
  test(`nothing lands outside: ${title}`, async t => {
    const { root, into, outside } = folderOf(t);
    await unpackInto(zipOf(items(outside)), into).catch(error => t.true(error instanceof ZipError));
    t.deepEqual(readdirSync(root).sort(), ['into', 'outside']);
    t.deepEqual([readdirSync(outside), readdirSync(join(outside, 'b'))], [['b'], []]);
  });
}

test('a zip cut off anywhere is refused', t => {
  const zip = zipOf([
    { name: 'a', text: 'hello' },
    { name: 'b/c', text: 'world' },
  ]);
  for (let length = 0; length < zip.length; length++) {
    t.throws(() => readEntries(zip.subarray(0, length)), { instanceOf: ZipError }, `${length} bytes`);
  }
});

test('hostile archives of the fixtures leave nothing outside and end in time', async t => {
  const folder = new URL('../../../../shared/fixtures/zips/', import.meta.url);
  if (!existsSync(folder)) {
    t.log('SKIPPED: no fixtures of archives beside the repository');
    t.pass();
    return;
  }
  let tried = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = new URL(name.split('/').map(encodeURIComponent).join('/'), folder);
    if (!name.endsWith('.zip') || lstatSync(file).size > 1 << 20) continue;
    const bytes = readFileSync(file);
    const { root, into, outside } = folderOf(t);
    try {
      if (unzippedSize(readEntries(bytes)) < 1 << 24) await unpackInto(bytes, into);
    } catch (error) {
      // A name too long for the disk is the disk's error; everything else is the zip's.
      t.true(error instanceof ZipError || 'code' in (error as object), `${name}: ${error}`);
    }
    t.deepEqual(readdirSync(root).sort(), ['into', 'outside'], name);
    t.deepEqual(readdirSync(outside), ['b'], name);
    rmSync(root, { recursive: true, force: true });
    tried++;
  }
  t.log(`${tried} archives`);
});
