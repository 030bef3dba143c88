/** Workspaces are the app's own code, `file:` folders are packages; both without a registry. */
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { refuseTooLarge, unpackedLimit } from '../../../layer-builder/plan/limits.ts';
import { buildOnce, codeOf, listing, makeProject, write } from './project.ts';

/** A project that depends on a folder, as `npm install ./vendor/local` leaves it. */
function makeFolderProject(t: ExecutionContext): string {
  const project = makeProject(t, {
    dependencies: ['ms'],
    files: { 'app.js': `import { text } from 'local'; export const app = text;` },
  });
  const lockfile = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
  const ranges = { ...lockfile.packages[''].dependencies, local: 'file:vendor/local' };
  lockfile.packages[''].dependencies = ranges;
  const facts = { name: 'local', version: '1.2.3', dependencies: { ms: '*' } };
  lockfile.packages['node_modules/local'] = { resolved: 'vendor/local', link: true };
  lockfile.packages['vendor/local'] = facts;
  write(project, 'package-lock.json', lockfile);
  write(project, 'package.json', { name: 'sample', type: 'module', dependencies: ranges });
  write(project, 'vendor/local/package.json', { ...facts, main: 'index.js' });
  write(
    project,
    'vendor/local/index.js',
    `exports.text = require('ms')('1s') + require('fs').readFileSync(__dirname + '/data.txt', 'utf8');`,
  );
  write(project, 'vendor/local/data.txt', 'data');
  return project;
}

const built = buildOnce(makeFolderProject);

test('a file: folder is packaged with what it needs, and built again when a file in it changes', async t => {
  const { project, lock } = await built(t);
  t.deepEqual(
    lock.artifacts[0]?.packages.map(item => `${item.name}@${item.version}`),
    ['local@1.2.3', 'ms@2.1.3'],
  );
  t.true((await buildProject(project)).cached);
  write(project, 'vendor/local/data.txt', 'other');
  const again = await buildProject(project);
  t.false(again.cached);
  t.not(again.lock.artifacts[0]?.digest, lock.artifacts[0]?.digest);
});

test('D24 a secret in a file: folder stops the build, the last build stays', async t => {
  const { project } = await built(t);
  write(project, 'vendor/local/.env', 'TOKEN=x');
  const before = listing(project);
  t.is(await codeOf(t, buildProject(project)), 'BUILD_SECRET');
  t.deepEqual(listing(project), before);
});

test('an artifact over 262,144,000 bytes unpacked is refused and the last build stays', async t => {
  const { project } = await built(t);
  const lock = readFileSync(join(project, 'deps.lock.json'));
  write(project, 'vendor/local/big.bin', '');
  truncateSync(join(project, 'vendor/local/big.bin'), unpackedLimit);
  t.is(await codeOf(t, buildProject(project)), 'ARTIFACT_TOO_LARGE');
  t.deepEqual(readFileSync(join(project, 'deps.lock.json')), lock);
});

test('the limit is exact, and the message names the largest packages', t => {
  const artifact = (unpackedSize: number) => {
    return { name: 'core', unpackedSize, packages: [{ name: 'big', inArtifact: { size: 9000 } }] };
  };
  t.notThrows(() => refuseTooLarge([artifact(unpackedLimit)]));
  const error = t.throws<Error & { hint: string }>(() => refuseTooLarge([artifact(unpackedLimit + 1)]));
  t.regex(error.message, /expected at most 262,144,000 bytes, found 262,144,001 bytes/);
  t.regex(error.hint, /big 9,000 bytes/);
});

for (const [title, exports] of [
  ['by its main', { main: 'index.ts' }],
  ['by its exports', { exports: { '.': './index.ts', './sub': './src/sub.ts' } }],
] as const) {
  test(`a workspace is built from the lockfile above it; another is its own code, found ${title} and without links`, async t => {
    const root = makeProject(t, { dependencies: ['ms', 'is-stream'], files: {} });
    const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const ranges = lockfile.packages[''].dependencies;
    lockfile.packages[''] = { name: 'root', workspaces: ['packages/*'] };
    lockfile.packages['packages/api'] = {
      name: 'api',
      version: '1.0.0',
      dependencies: { ms: ranges.ms, shared: '*' },
    };
    lockfile.packages['packages/shared'] = {
      name: 'shared',
      version: '1.0.0',
      dependencies: { 'is-stream': ranges['is-stream'] },
    };
    lockfile.packages['node_modules/api'] = { resolved: 'packages/api', link: true };
    lockfile.packages['node_modules/shared'] = { resolved: 'packages/shared', link: true };
    write(root, 'package-lock.json', lockfile);
    write(root, 'packages/api/package.json', {
      name: 'api',
      type: 'module',
      dependencies: { ms: ranges.ms, shared: '*' },
    });
    write(
      root,
      'packages/api/app.ts',
      `import ms from 'ms';\nimport { isIt } from 'shared';\nimport { sub } from 'shared/${'exports' in exports ? 'sub' : 'src/sub.ts'}';\nexport const app = (): unknown => [ms('1s'), isIt, sub];\n`,
    );
    write(root, 'packages/shared/package.json', { name: 'shared', type: 'module', ...exports });
    write(
      root,
      'packages/shared/index.ts',
      `import { isStream } from 'is-stream';\nexport const isIt: boolean = isStream(null);\n`,
    );
    write(root, 'packages/shared/src/sub.ts', `export const sub: number = 1;\n`);
    const { lock } = await buildProject(join(root, 'packages/api'));
    t.deepEqual(
      lock.artifacts[0]?.packages.map(item => item.name),
      ['is-stream', 'ms'],
    );
  });
}
