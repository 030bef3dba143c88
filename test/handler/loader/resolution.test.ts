/** R6: the resolution contract, {layer, s3} × {Node 22, 24}, with Lambda's flags; B20, the order of precedence. */
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { Runtime } from '../../../artifact/lock.ts';
import { formatLock } from '../../../artifact/lock.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import type { MadeArtifact } from '../../support/artifact.ts';
import { lockOf, makeArtifact } from '../../support/artifact.ts';
import type { Step } from '../../support/chaos-s3.ts';
import { refuse, serve, startChaosS3 } from '../../support/chaos-s3.ts';
import { bundle, runLoad } from '../../support/load-process.ts';
import { loaderWorld } from '../../support/loader-world.ts';
import { findNodeFor } from '../../support/node-versions.ts';
import { expected, expectedHere, fixtures, hasAddon, packagesIn } from './contract.ts';

const page = new URL('../../../docs/resolution.md', import.meta.url);

const child = await bundle(new URL('../../support/resolution-child.ts', import.meta.url));
test.after.always(() => fs.rmSync(path.dirname(child), { recursive: true, force: true }));

/** Node as Lambda's bootstrap starts it (local-aws does the same). */
const lambdaFlags: Readonly<Record<Runtime, readonly string[]>> = {
  'nodejs24.x': [
    '--expose-gc',
    '--max-semi-space-size=25',
    '--max-old-space-size=460',
    '--no-experimental-require-module',
  ],
  'nodejs22.x': [
    '--expose-gc',
    '--max-semi-space-size=25',
    '--max-old-space-size=460',
    '--no-experimental-require-module',
    '--no-experimental-detect-module',
  ],
};

for (const runtime of ['nodejs24.x', 'nodejs22.x'] as const) {
  for (const source of ['layer', 's3'] as const) {
    test(`every row of the contract holds from ${source} on ${runtime}`, async t => {
      const node = findNodeFor(runtime);
      if (node === undefined) {
        t.log(`SKIPPED: no Node for ${runtime} here, and npm brought none`);
        t.pass();
        return;
      }
      const made = [
        await makeArtifact(packagesIn('packages'), { runtime }),
        await makeArtifact(packagesIn('extra'), { runtime, name: 'extra' }),
      ];
      const { env, folder } = await world(t, made);
      if (source === 'layer') for (const artifact of made) mount(artifact, env['DEPS_LAYER_ROOT'] ?? '');
      const lockFile = path.join(folder, 'deps.lock.json');
      fs.writeFileSync(
        lockFile,
        formatLock(
          lockOf(
            made.map(({ artifact }) => artifact),
            runtime,
          ),
        ),
      );
      const result = await runLoad([node, ...lambdaFlags[runtime], child], {
        ...env,
        DEPS_SOURCE: source,
        LOAD_LOCK: lockFile,
        LOAD_APP: path.join(folder, 'task/app.mjs'),
        NODE_PATH: path.join(folder, 'runtime/node_modules'),
      });
      const { results, sources } = result as unknown as Record<'results' | 'sources', Record<string, string>>;
      t.deepEqual(sources, { core: source, extra: source }, result.stderr);
      t.deepEqual(results, expectedHere);
      if (!hasAddon) t.log('SKIPPED one row: the addon of the fixtures is for Linux on x64');
    });
  }
}

test('the contract as docs/resolution.md prints it is the contract that is tested', t => {
  const columns = ['layer, 22', 'layer, 24', 's3, 22', 's3, 24'];
  const lines = [
    `| row | answer | ${columns.join(' | ')} |`,
    `| --- | --- | ${columns.map(() => '---').join(' | ')} |`,
    ...Object.entries(expected).map(
      ([row, answer]) => `| ${row} | \`${answer}\` | ${columns.map(() => '✔').join(' | ')} |`,
    ),
  ];
  const text = fs.readFileSync(page, 'utf8');
  const [before = '', rest = ''] = text.split('<!-- contract -->\n');
  const [, after = ''] = rest.split('<!-- /contract -->\n');
  const wanted = `${before}<!-- contract -->\n\n${lines.join('\n')}\n\n<!-- /contract -->\n${after}`;
  if (process.env['UPDATE_DOCS'] === '1') fs.writeFileSync(page, wanted);
  t.is(fs.readFileSync(page, 'utf8'), wanted, 'run the test again with UPDATE_DOCS=1');
});

test('B20 a package in two artifacts comes from the first in the lock', async t => {
  const made = await Promise.all(
    ['second', 'first'].map(name =>
      makeArtifact({ 'in-two/index.js': `module.exports = 'of ${name}';\n` }, { name }),
    ),
  );
  const { settings } = await world(t, made);
  await resolveDependencies(lockOf(made.map(({ artifact }) => artifact)), settings);
  const name: string = 'in-two';
  t.is((await import(name)).default, 'of second');
  t.is(createRequire(import.meta.url)(name), 'of second');
});

test('a lazy artifact is loaded on first use, once, also under concurrency', async t => {
  const eager = await makeArtifact({ 'at-once/index.js': 'module.exports = 1;\n' });
  const lazy = await makeArtifact(
    { 'later/index.js': 'module.exports = 2;\n' },
    { name: 'docs', load: 'lazy' },
  );
  const { settings, s3 } = await world(t, [eager, lazy]);
  const dependencies = await resolveDependencies(lockOf([lazy.artifact, eager.artifact]), settings);
  t.deepEqual(
    dependencies.artifacts.map(({ name }) => name),
    ['core'],
  );
  t.is(s3.requests.length, 1);
  const name: string = 'later';
  await t.throwsAsync(import(name), { code: 'ERR_MODULE_NOT_FOUND' });
  const loaded = await Promise.all(Array.from({ length: 20 }, () => dependencies.load('docs')));
  t.is(new Set(loaded).size, 1);
  t.is(s3.requests.length, 2);
  t.is((await import(name)).default, 2);
  t.deepEqual(
    dependencies.artifacts.map(artifact => artifact.name),
    ['docs', 'core'],
  );
  t.deepEqual(await dependencies.load('core'), dependencies.artifacts[1]);
  await t.throwsAsync(dependencies.load('nothing'), { code: 'DEPS_UNKNOWN_ARTIFACT', message: /docs, core/ });
});

test('a lazy artifact that failed is tried again by the next call', async t => {
  const lazy = await makeArtifact(
    { 'flaky/index.js': 'module.exports = 3;\n' },
    { name: 'docs', load: 'lazy' },
  );
  const s3 = await startChaosS3(refuse(404, 'NoSuchKey'), serve(lazy.zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const dependencies = await resolveDependencies(lockOf([lazy.artifact]), settings);
  await t.throwsAsync(dependencies.load('docs'), { code: 'DEPS_NOT_FOUND' });
  t.is((await dependencies.load('docs')).source, 's3');
});

async function world(t: ExecutionContext, made: readonly MadeArtifact[]) {
  const give: Step = (request, response) => {
    const found = made.find(({ artifact }) => request.url?.includes(artifact.s3.key));
    (found === undefined ? refuse(404, 'NoSuchKey') : serve(found.zip))(request, response);
  };
  const s3 = await startChaosS3(give);
  t.teardown(s3.close);
  const place = loaderWorld(t, s3.endpoint);
  fs.cpSync(path.join(fixtures, 'task'), path.join(place.folder, 'task'), { recursive: true });
  fs.cpSync(path.join(fixtures, 'task-modules'), path.join(place.folder, 'task/node_modules'), {
    recursive: true,
  });
  fs.cpSync(path.join(fixtures, 'runtime-modules'), path.join(place.folder, 'runtime/node_modules'), {
    recursive: true,
  });
  return { ...place, s3 };
}

/** A layer as Lambda mounts it: merged into one folder with the others. */
function mount({ files }: MadeArtifact, layerRoot: string): void {
  for (const { path: name, content } of files) {
    const file = path.join(layerRoot, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
}
