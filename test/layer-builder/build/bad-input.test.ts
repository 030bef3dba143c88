/** Each bad input has its code and leaves nothing behind. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { planProject } from '../../../layer-builder/build/plan.ts';
import { packageFunction } from '../../../layer-builder/package/index.ts';
import { listing, makeProject, temporaryFolder, write } from './project.ts';

interface Row {
  readonly title: string;
  readonly spoil: (project: string) => void;
  readonly code: string;
  readonly says?: RegExp;
}

/** The project is locked by another client, none of which is on the PATH of these tests. */
function lockedBy(name: string, text: string, code: string, says: RegExp): Row {
  const spoil = (project: string) => {
    rmSync(join(project, 'package-lock.json'));
    write(project, name, text);
  };
  return { title: `only ${name} with ${JSON.stringify(text.slice(0, 40))}`, spoil, code, says };
}

const config = (value: unknown) => (project: string) => write(project, 'layer-builder.config.json', value);

const rows: readonly Row[] = [
  {
    title: 'no package.json',
    spoil: project => rmSync(join(project, 'package.json')),
    code: 'PROJECT_NOT_FOUND',
    says: /no package\.json/,
  },
  {
    title: 'no project folder',
    spoil: project => rmSync(project, { recursive: true }),
    code: 'PROJECT_NOT_FOUND',
  },
  {
    title: 'package.json is no JSON',
    spoil: project => write(project, 'package.json', '{'),
    code: 'PACKAGE_JSON_INVALID',
  },
  {
    title: 'dependencies is a list',
    spoil: project => write(project, 'package.json', { dependencies: ['ms'] }),
    code: 'PACKAGE_JSON_INVALID',
    says: /dependencies: expected an object/,
  },
  {
    title: 'no lockfile',
    spoil: project => rmSync(join(project, 'package-lock.json')),
    code: 'LOCKFILE_MISSING',
  },
  lockedBy('bun.lock', '{}', 'LOCKFILE_UNSUPPORTED', /locked by Bun/),
  lockedBy('pnpm-lock.yaml', "lockfileVersion: '9.0'\n", 'CLIENT_MISSING', /locked by pnpm.*found none/),
  lockedBy('yarn.lock', 'ms@2.1.3:\n  version "2.1.3"\n', 'CLIENT_MISSING', /locked by Yarn 1.*found none/),
  lockedBy('yarn.lock', '__metadata:\n  version: 8\n', 'CLIENT_MISSING', /locked by Yarn 2 or newer/),
  lockedBy('yarn.lock', '<<<<<<< HEAD\n', 'LOCKFILE_INVALID', /conflict markers/),
  lockedBy('yarn.lock', '# yarn lockfile v1\n', 'LOCKFILE_OUT_OF_STEP', /ms \(sample asks for 2\.1\.3/),
  lockedBy(
    'yarn.lock',
    'ms@2.1.3:\n  version "2.1.3"\n  resolved "https://example.com/ms.tgz#1"\n',
    'LOCKFILE_INVALID',
    /ms@2\.1\.3 has no integrity/,
  ),
  lockedBy(
    'pnpm-lock.yaml',
    'packages:\n\n  ms@2.1.3:\n    resolution: {tarball: https://example.com/ms.tgz}\n',
    'LOCKFILE_INVALID',
    /ms@2\.1\.3 has no integrity/,
  ),
  lockedBy(
    'yarn.lock',
    '__metadata:\n  version: 8\n\n"ms@https://example.com/ms.git":\n  version: 2.1.3\n  resolution: "ms@https://example.com/ms.git#commit=1"\n',
    'LOCKFILE_UNSUPPORTED',
    /comes from git.*scripts/,
  ),
  {
    title: 'a lockfile of version 1',
    spoil: project => write(project, 'package-lock.json', { lockfileVersion: 1, dependencies: {} }),
    code: 'LOCKFILE_UNSUPPORTED',
  },
  {
    title: 'a lockfile with conflict markers',
    spoil: project => write(project, 'package-lock.json', '{\n<<<<<<< HEAD\n}'),
    code: 'LOCKFILE_INVALID',
    says: /conflict markers/,
  },
  {
    title: 'a lockfile that climbs out of node_modules',
    spoil: project =>
      write(project, 'package-lock.json', {
        lockfileVersion: 3,
        packages: { '': { dependencies: { ms: '2.1.3' } }, 'node_modules/../../ms': { version: '2.1.3' } },
      }),
    code: 'LOCKFILE_INVALID',
  },
  {
    title: 'package.json asks for another range than was locked',
    spoil: project => write(project, 'package.json', { type: 'module', dependencies: { ms: '^1.0.0' } }),
    code: 'LOCKFILE_OUT_OF_STEP',
    says: /ms \(package\.json asks for \^1\.0\.0, the lockfile holds 2\.1\.3\)/,
  },
  {
    title: 'package.json asks for a package that was not locked',
    spoil: project =>
      write(project, 'package.json', { type: 'module', dependencies: { ms: '2.1.3', koa: '3' } }),
    code: 'LOCKFILE_OUT_OF_STEP',
    says: /koa/,
  },
  {
    title: 'an unknown key',
    spoil: config({ artefacts: {} }),
    code: 'CONFIG_INVALID',
    says: /did you mean "artifacts"/,
  },
  {
    title: 'an unknown runtime',
    spoil: config({ runtime: 'nodejs20.x' }),
    code: 'CONFIG_INVALID',
    says: /nodejs24\.x or nodejs22\.x/,
  },
  {
    title: 'an unknown architecture',
    spoil: config({ architecture: 'arm' }),
    code: 'CONFIG_INVALID',
    says: /did you mean "arm64"/,
  },
  { title: 'a configuration that is no JSON', spoil: config('{'), code: 'CONFIG_INVALID' },
  {
    title: 'two configurations',
    spoil: project => {
      config({})(project);
      write(project, 'layer-builder.config.js', 'export default {}');
    },
    code: 'CONFIG_INVALID',
    says: /several configurations/,
  },
  { title: 'no app', spoil: project => rmSync(join(project, 'app.js')), code: 'APP_NOT_FOUND' },
  {
    title: 'an app outside the project',
    spoil: config({ app: '../app.js' }),
    code: 'APP_NOT_FOUND',
    says: /outside/,
  },
  {
    title: 'an app that does not parse',
    spoil: project => write(project, 'app.js', 'import {'),
    code: 'BUNDLE_FAILED',
  },
  {
    title: 'an app that imports a package that is not locked',
    spoil: project => write(project, 'app.js', `import 'left-pad';`),
    code: 'BUNDLE_FAILED',
    says: /left-pad/,
  },
];

for (const { title, spoil, code, says } of rows) {
  test(`${title}: ${code} from build, plan and package, and nothing is written`, async t => {
    const project = makeProject(t, { dependencies: ['ms'] });
    spoil(project);
    const before = title === 'no project folder' ? [] : listing(project);
    const env = { PATH: '/nowhere', XDG_CACHE_HOME: temporaryFolder(t) };
    for (const run of [buildProject, planProject, packageFunction]) {
      const error = await t.throwsAsync<Error & { code: string; hint?: string }>(run(project, { env }));
      t.is(error.code, code, error.message);
      t.truthy(error.hint);
      if (says) t.regex(error.message, says);
    }
    if (title !== 'no project folder') t.deepEqual(listing(project), before);
  });
}

test('all problems of a configuration are told at once', async t => {
  const project = makeProject(t);
  write(project, 'layer-builder.config.json', {
    runtme: 'nodejs24.x',
    architecture: 'x64',
    function: { memory: 64 },
    regions: ['europe'],
  });
  const error = await t.throwsAsync<Error & { details: { problems: string[] } }>(buildProject(project));
  t.is(error.details.problems.length, 4);
  for (const part of ['runtime', 'x86_64', '128 to 10240 MB', 'regions[0]'])
    t.true(error.message.includes(part), part);
});
