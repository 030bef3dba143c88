/** Properties over generated archives: sound ones come out whole and alike everywhere, names never lead outside. */
import * as fs from 'node:fs';
import { join, resolve, sep } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { HandlerError } from '../../../handler/errors.ts';
import { unpack } from '../../../handler/unpack.ts';
import { foldPath } from '../../../handler/zip/collisions.ts';
import { defaultLimits, readArchive } from '../../../handler/zip/read.ts';
import { findReaders, readFolder } from '../../support/zips/readers.ts';
import type { EntrySpec } from '../../support/zips/write.ts';
import { extraField, makeZip } from '../../support/zips/write.ts';
import { readTree, temporaryFolder } from './support.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_123);
const times = extraField(0x5455, Buffer.from([1, 0, 0, 0, 0]));

const component = fc.oneof(
  fc.stringMatching(/^[a-z@_.-]{0,6}[a-z]$/),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'a b',
    'ü',
    '日本',
    'Ωmega',
    'x%2f..',
    '#',
    '~',
    '-rf',
    '$(id)',
    "it's",
    '[a]',
    '*',
  ),
);
const content = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map(bytes => Buffer.from(bytes)),
  fc
    .tuple(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 400 }))
    .map(([text, times]) => Buffer.from(text.repeat(times))),
);
const entry: fc.Arbitrary<EntrySpec> = fc
  .record({
    name: fc.array(component, { minLength: 1, maxLength: 5 }).map(parts => parts.join('/').normalize('NFC')),
    data: content,
    mode: fc.constantFrom(0o100644, 0o100755, 0o100600, 0),
    stored: fc.boolean(),
    descriptor: fc.boolean(),
    timed: fc.boolean(),
  })
  .map(({ name, data, mode, stored, descriptor, timed }) => ({
    name,
    data,
    mode,
    method: stored ? 0 : 8,
    descriptor: descriptor && !data.includes('PK\x07\x08', 0, 'latin1'),
    both: timed ? { extra: times } : {},
  }));

/** Entries that can live together: none is another's folder, no two are one under case folding. */
const entries = fc.array(entry, { minLength: 1, maxLength: 12 }).map(list => {
  const taken = new Set<string>();
  const folders = new Map<string, string>();
  return list.filter(({ name }) => {
    const parts = String(name).split('/');
    const above = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('/'));
    const key = foldPath(String(name));
    const clash =
      taken.has(key) ||
      folders.has(key) ||
      above.some(path => taken.has(foldPath(path)) || (folders.get(foldPath(path)) ?? path) !== path);
    if (clash) return false;
    taken.add(key);
    for (const path of above) folders.set(foldPath(path), path);
    return true;
  });
});

test('a sound archive comes out with exactly its names, bytes and modes', t => {
  const folder = temporaryFolder(t);
  let count = 0;
  const property = fc.property(entries, list => {
    const into = join(folder, `${count++}`);
    unpack(makeZip({ entries: list }), into);
    const expected = list.map(({ name, data, mode }) => [
      name,
      { content: Buffer.from(data ?? '').toString('latin1'), mode: mode === 0o100755 ? 0o755 : 0o644 },
    ]);
    t.deepEqual(readTree(into), Object.fromEntries(expected));
  });
  t.notThrows(() => fc.assert(property, { seed, numRuns: 100 }));
});

test('whatever a name is, it is refused with a code or lies inside the folder', t => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.oneof(component, fc.constantFrom('..', '.', '', '...', '\\', 'C:', '\0', '\u202e', '/')))
      .map(parts => parts.join('/')),
  );
  const names = fc.oneof(
    hostile.map(name => Buffer.from(name)),
    fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
  );
  const property = fc.property(names, fc.boolean(), (name, utf8) => {
    const zip = makeZip({
      entries: [
        { name: 'first', data: 'x' },
        { name, both: utf8 ? { flags: 0x0800 } : {} },
      ],
    });
    try {
      for (const { path } of readArchive(zip, defaultLimits)) {
        t.true(
          resolve('/root/folder', path).startsWith(`${sep}root${sep}folder${sep}`),
          JSON.stringify(path),
        );
        t.is(Buffer.from(path.normalize('NFC')).toString(), path);
      }
    } catch (error) {
      if (!(error instanceof HandlerError)) throw error;
      t.regex(error.message, /^[\x20-\x7e]*$/);
    }
  });
  t.notThrows(() => fc.assert(property, { seed, numRuns: 5_000 }));
});

test('C17 generated archives read the same in every other reader', t => {
  const folder = temporaryFolder(t);
  const zips = fc.sample(entries, { seed, numRuns: 25 }).map((list, index) => {
    const path = join(folder, `${index}.zip`);
    fs.writeFileSync(path, makeZip({ entries: list }));
    unpack(fs.readFileSync(path), join(folder, 'ours', `${index}`));
    return path;
  });
  const { present, absent } = findReaders();
  for (const name of absent) t.log(`SKIPPED: ${name} is not installed`);
  for (const reader of present) {
    for (const [index, reading] of reader.read(zips, join(folder, reader.name)).entries()) {
      t.deepEqual(
        reading,
        readFolder(join(folder, 'ours', `${index}`)),
        `${reader.name}, archive ${index}, seed ${seed}`,
      );
    }
  }
});
