/** The project's own files in an artifact: at their places, as they are, found by the app; and what is refused. */
import { chmodSync, cpSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { resolveDependencies } from '../../../handler/loader.ts';
import { unpack } from '../../../handler/unpack.ts';
import { defaultLimits, readArchive } from '../../../handler/zip/read.ts';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { planSplit } from '../../../layer-builder/plan/split.ts';
import { hereRuntime } from '../../support/artifact.ts';
import { loaderWorld } from '../../support/loader-world.ts';
import { buildOnce, codeOf, listing, makeProject, write } from './project.ts';

function makeAssetsProject(t: ExecutionContext): string {
  const project = makeProject(t, { dependencies: ['ms'] });
  const artifacts = { pages: { load: 'lazy', assets: ['web/', 'bin/tool'] }, core: {} };
  write(project, 'layer-builder.config.json', { artifacts, runtime: hereRuntime });
  write(project, 'web/index.html', '<p>hello</p>');
  // a package would be pruned of these
  write(project, 'web/README.md', '# read me');
  write(project, 'web/docs/deep.ts', 'export {};');
  write(project, 'bin/tool', '#!/bin/sh\n');
  write(project, 'bin/other', 'not named');
  chmodSync(join(project, 'bin/tool'), 0o700);
  return project;
}

const built = buildOnce(makeAssetsProject);

test('files that the configuration names lie in the artifact as in the project; packages go to the other', async t => {
  const { lock, artifacts } = await built(t);
  const [pages, core] = artifacts;
  const entries = readArchive(readFileSync(pages?.path ?? ''), defaultLimits);
  const own = entries.filter(({ path }) => path.startsWith('nodejs/assets/'));
  t.deepEqual(
    own.map(({ path }) => path),
    ['bin/tool', 'web/README.md', 'web/docs/deep.ts', 'web/index.html'].map(
      path => `nodejs/assets/pages/${path}`,
    ),
  );
  t.deepEqual(lock.artifacts[0]?.packages, []);
  t.deepEqual(
    core?.packages.map(({ name }) => name),
    ['ms'],
  );
});

test('the app finds the files where load() says, with their modes', async t => {
  const { lock, artifacts } = await built(t);
  const { settings, folder } = loaderWorld(t, 'http://127.0.0.1:9');
  for (const { name, path } of artifacts) {
    unpack(readFileSync(path), join(folder, name));
    // Lambda merges all layers into one folder.
    cpSync(join(folder, name), settings.layerRoot, { recursive: true });
  }
  const dependencies = await resolveDependencies(lock, { ...settings, source: 'layer' });
  t.deepEqual(
    dependencies.artifacts.map(({ name }) => name),
    ['core'],
  );
  const { assets, source } = await dependencies.load('pages');
  t.is(source, 'layer');
  t.is(readFileSync(join(assets, 'web/index.html'), 'utf8'), '<p>hello</p>');
  t.is(statSync(join(assets, 'bin/tool')).mode & 0o111, 0o111);
});

test('a build is found again until one of the files changes', async t => {
  const { project, lock } = await built(t);
  t.true((await buildProject(project)).cached);
  write(project, 'web/index.html', '<p>goodbye</p>');
  const again = await buildProject(project);
  t.false(again.cached);
  t.not(again.lock.artifacts[0]?.digest, lock.artifacts[0]?.digest);
  t.is(again.lock.artifacts[1]?.digest, lock.artifacts[1]?.digest);
});

const refused: readonly (readonly [title: string, spoil: (project: string) => void, code: string])[] = [
  ['a path that names nothing', named('web/nothing'), 'CONFIG_INVALID'],
  ['a path out of the project', named('../elsewhere'), 'CONFIG_INVALID'],
  ['the whole project', named('.'), 'CONFIG_INVALID'],
  ['an absolute path', named('/etc/hosts'), 'CONFIG_INVALID'],
  ['a path that leads out by a link', linked, 'CONFIG_INVALID'],
  [
    'D23 a link out of a folder',
    project => symlinkSync('/etc/hosts', join(project, 'web/hosts')),
    'BUILD_UNSAFE_FILE',
  ],
  ['D24 a secret', project => write(project, 'web/.env', 'TOKEN=x'), 'BUILD_SECRET'],
];

for (const [title, spoil, code] of refused) {
  test(`${title} is refused with ${code}, the last build stays`, async t => {
    const { project } = await built(t);
    spoil(project);
    const before = listing(project);
    t.is(await codeOf(t, buildProject(project)), code);
    t.deepEqual(listing(project), before);
  });
}

test('files stay in the artifact that the app asks for by name, whatever packages move', t => {
  const assets = { paths: ['web'], size: 1_000_000, zipped: 500_000 };
  const roots = ['a', 'b'].map(name => ({ name, locations: [name], ms: 1, isStarted: true }));
  const { artifacts, parts, fits } = planSplit({
    artifacts: [
      { name: 'core', load: 'eager', layer: true, roots },
      { name: 'pages', load: 'lazy', layer: true, roots: [], assets },
    ],
    weights: new Map(roots.map(({ name }) => [name, { size: 150_000_000, zipped: 1 }])),
    appBytes: 1,
    tmp: 512,
  });
  t.true(fits);
  t.deepEqual(artifacts['pages'], { load: 'lazy', assets: ['web'] });
  t.is(parts.find(({ name }) => name === 'pages')?.unpackedSize, assets.size);
});

function named(path: string) {
  return (project: string) =>
    write(project, 'layer-builder.config.json', { artifacts: { pages: { assets: [path] }, core: {} } });
}

function linked(project: string): void {
  symlinkSync('/etc/hosts', join(project, 'away'));
  named('away')(project);
}
