/** Source maps lie beside the artifact, never in it, and lead from its code to that of the packages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import { unpack } from '../../../handler/unpack.ts';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { importing, makeProject, temporaryFolder } from './project.ts';
import { addPackages } from './tarball.ts';

test('asked for, they lead back to every line; the artifact has the same digest with and without', async t => {
  const project = makeProject(t, {
    files: { 'app.js': importing(['cjs', 'other-cjs', 'esm', 'other-esm']) },
    manifest: { dependencies: {} },
  });
  const shared = { 'inner-shared': '1.0.0' };
  addPackages(project, [
    {
      name: 'inner-shared',
      files: {
        'index.js': `// a comment\nexports.shared = function shared() {\n  return 'marker-shared';\n};\n`,
      },
    },
    {
      name: 'cjs',
      manifest: { dependencies: shared },
      files: {
        'index.js': `'use strict'\nconst s = require('inner-shared');\nmodule.exports = () => [s, 'marker-cjs'];`,
      },
    },
    {
      name: 'other-cjs',
      manifest: { dependencies: shared },
      files: {
        'index.js': `exports.s = require('inner-shared'); exports.text = \`two\nlines\`; exports.m = 'marker-other-cjs';`,
      },
    },
    {
      name: 'esm',
      manifest: { type: 'module', main: 'i.js', dependencies: shared },
      files: {
        'i.js': `import { shared } from 'inner-shared';\nimport part from './part.js';\nexport const a = () => shared(part, 'marker-esm');`,
        'part.js': `export default function part() {\n  return 'marker-part';\n}`,
      },
    },
    {
      name: 'other-esm',
      manifest: { type: 'module', main: 'i.js' },
      files: { 'i.js': `export function named() {}\nexport const b =\n  'marker-other-esm';` },
    },
  ]);
  const folder = join(project, '.layer-builder/source-maps');
  const plain = await buildProject(project);
  t.false(existsSync(folder));
  const { artifacts, lock } = await buildProject(project, { sourceMaps: true });
  t.deepEqual(lock, plain.lock);
  const tree = join(temporaryFolder(t), 'tree');
  unpack(readFileSync(artifacts[0]?.path ?? ''), tree);
  const files = readdirSync(tree, { recursive: true, encoding: 'utf8' });
  t.false(files.some(path => path.endsWith('.map')));
  const markers: string[] = [];
  for (const path of files.filter(name => /\.[cm]js$/.test(name))) {
    const text = readFileSync(join(tree, path), 'utf8');
    t.notRegex(text, /sourceMappingURL/);
    const map = JSON.parse(readFileSync(join(folder, 'core', `${path}.map`), 'utf8'));
    t.true(
      map.sources.every((source: string) => source.startsWith('node_modules/')),
      map.sources.join(),
    );
    for (const { 0: marker, index } of text.matchAll(/marker-[\w-]+/g)) {
      const before = text.slice(0, index - 1).split('\n');
      const entry = new SourceMap(map).findEntry(before.length - 1, before.at(-1)?.length ?? 0);
      if (!('originalSource' in entry)) return t.fail(`${marker} leads nowhere`);
      const lines: string[] = map.sourcesContent[map.sources.indexOf(entry.originalSource)].split('\n');
      t.is(
        lines[entry.originalLine]?.slice(entry.originalColumn + 1, entry.originalColumn + 1 + marker.length),
        marker,
      );
      markers.push(marker);
    }
  }
  t.deepEqual([...new Set(markers)].sort(), [
    ...['marker-cjs', 'marker-esm', 'marker-other-cjs', 'marker-other-esm', 'marker-part', 'marker-shared'],
  ]);
  await buildProject(project);
  t.false(existsSync(folder), 'maps of another build are not left behind');
});
