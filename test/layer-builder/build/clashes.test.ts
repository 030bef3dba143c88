/** Layers lie over one another in one folder: a package that two of them hold must be the same in both. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { unpack } from '../../../handler/unpack.ts';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { makeProject, temporaryFolder, write } from './project.ts';

/** What stands in the package.json of each `file:` folder, and its files. */
const folders = {
  // bundled for the app, which asks for its main entry alone
  shared: {
    facts: { version: '1.0.0', exports: { '.': './index.js', './sub': './sub.js' } },
    files: {
      'index.js': 'exports.state = { count: 0 };',
      'sub.js': `exports.sub = require('shared').state;`,
    },
  },
  // traced: it asks where it lies
  user: {
    facts: { version: '1.0.0', main: 'index.js', dependencies: { shared: '*' } },
    files: { 'index.js': `exports.here = __dirname; exports.state = require('shared/sub').sub;` },
  },
} as const;

test('a package in two layers has one form, one state and all its subpaths, in either order of the layers', async t => {
  const dependencies = { shared: 'file:vendor/shared', user: 'file:vendor/user' };
  const facts = { name: 'sample', version: '1.0.0', type: 'module', dependencies };
  const project = makeProject(t, {
    files: {
      'app.js': `import { state } from 'shared'; import user from 'user'; export const app = [state, user];`,
    },
  });
  const packages: Record<string, object> = { '': facts };
  for (const [name, { facts: own, files }] of Object.entries(folders)) {
    packages[`node_modules/${name}`] = { resolved: `vendor/${name}`, link: true };
    packages[`vendor/${name}`] = { name, ...own };
    write(project, `vendor/${name}/package.json`, { name, ...own });
    for (const [path, text] of Object.entries(files)) write(project, `vendor/${name}/${path}`, text);
  }
  const artifacts = { core: {}, second: { include: ['user'] } };
  write(project, 'package.json', { ...facts, 'layer-builder': { artifacts } });
  write(project, 'package-lock.json', { name: 'sample', version: '1.0.0', lockfileVersion: 3, packages });

  const { artifacts: made } = await buildProject(project);
  for (const order of [made, [...made].reverse()]) {
    const opt = temporaryFolder(t);
    for (const [index, { path }] of order.entries()) {
      const layer = join(temporaryFolder(t), String(index));
      unpack(readFileSync(path), layer);
      cpSync(layer, opt, { recursive: true });
    }
    const code = `import { state } from 'shared'; import user from 'user'; state.count += 1; console.log(user.state.count);`;
    const answer = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: join(opt, 'nodejs'),
      encoding: 'utf8',
    });
    t.is(answer, '1\n', order.map(({ name }) => name).join());
  }
  const report = JSON.parse(readFileSync(join(project, '.layer-builder/report.json'), 'utf8'));
  t.regex(JSON.stringify(report), /it is in the layers of core and second/);
});
