/** Sizes as the original's Python prints them, globs, and the shape of folders. */
import test from 'ava';
import { parseGlob } from '../../src/digest/glob.ts';
import { computeStats } from '../../src/stats/compute.ts';
import { formatTable, grouped, inUnits } from '../../src/stats/table.ts';

/** Python: f'{bytes / 1024:.1f}'. */
const units: readonly (readonly [bytes: number, text: string])[] = [
  [0, '0.0'],
  [51, '0.0'],
  [52, '0.1'],
  [256, '0.2'],
  [264, '0.3'],
  [768, '0.8'],
  [1024, '1.0'],
  [1280, '1.2'],
  [3968, '3.9'],
  [1_048_575, '1024.0'],
];

for (const [bytes, text] of units) {
  test(`${bytes} bytes are ${text} KB`, t => {
    t.is(inUnits(bytes, 1024), text);
  });
}

test('thousands are grouped', t => {
  t.deepEqual([0, 999, 1000, 1234567].map(grouped), ['0', '999', '1,000', '1,234,567']);
});

test('a table is as wide as its widest part, title and footer included', t => {
  const table = formatTable({ title: 'A long title', headers: ['#', 'x'], rows: [['1', '📁']], footer: '' });
  const widths = new Set(table.split('\n').map(line => [...line].length));
  t.is(widths.size, 1);
});

const extensions: readonly (readonly [path: string, extension: string])[] = [
  ['a.py', '.py'],
  ['a.tar.gz', '.gz'],
  ['.gitignore', ''],
  ['.env.example', '.example'],
  ['noext', ''],
  ['b/c.d/e', ''],
  ['a.', '.'],
];

for (const [path, extension] of extensions) {
  test(`the extension of ${path} is ${JSON.stringify(extension)}`, t => {
    t.is(computeStats([{ path, size: 1 }]).files[0]?.extension, extension);
  });
}

test('folders count what is below them, and their subfolders', t => {
  const { folders, max_depth } = computeStats([
    { path: 'a/b/c/1', size: 1 },
    { path: 'a/b/2', size: 2 },
    { path: 'a/d/3', size: 4 },
  ]);
  t.is(max_depth, 3);
  t.deepEqual(
    folders.map(folder => [folder.path, folder.size_bytes, folder.direct_file_count, folder.subfolder_count]),
    [
      ['a', 7, 0, 2],
      ['a/b', 3, 1, 1],
      ['a/d', 4, 1, 0],
      ['a/b/c', 1, 1, 0],
    ],
  );
});

const globs: readonly (readonly [glob: string, path: string, matches: boolean])[] = [
  ['*.py', 'a/b.py', true],
  ['*.py', 'a.pyc', false],
  ['test', 'src/test/a', true],
  ['test', 'src/tests/a', false],
  ['src/*.ts', 'src/a.ts', true],
  ['src/*.ts', 'src/b/a.ts', false],
  ['src/**/*.ts', 'src/a.ts', true],
  ['src/**/*.ts', 'src/b/c/a.ts', true],
  ['**/b', 'b', true],
  ['**', 'a', true],
  ['src/', 'src/a', true],
  ['/src', 'src/a', true],
  ['/src', 'lib/src/a', false],
  ['src', 'lib/src/a', true],
  ['a/**/**/z', 'a/z', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a*b*c', 'axxbyyc', true],
  ['', 'a', false],
  ['/', 'a', false],
  ['[a]', 'a', false],
  ['a/b/c', 'a/b', false],
];

for (const [glob, path, matches] of globs) {
  test(`the glob ${JSON.stringify(glob)} ${matches ? 'matches' : 'does not match'} ${path}`, t => {
    t.is(parseGlob(glob)(path.split('/')), matches);
  });
}
