/** The form of each package: what is bundled answers as before, what cannot be bundled stays and says why. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { unpack } from '../../../handler/unpack.ts';
import { bundlePackages } from '../../../layer-builder/build/compact/bundle.ts';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { functionCommand } from '../../../local-aws/sandbox/variables.ts';
import { importing, makeProject, temporaryFolder, write } from './project.ts';
import type { MadeUpPackage } from './tarball.ts';
import { addPackages } from './tarball.ts';

interface Built {
  /** Folder of the unpacked artifact that holds node_modules. */
  readonly root: string;
  readonly files: readonly string[];
  readonly forms: Readonly<Record<string, { form: string; reason?: string }>>;
}

async function build(
  t: ExecutionContext,
  dependencies: readonly string[],
  packages: readonly MadeUpPackage[],
): Promise<Built> {
  const names = [
    ...dependencies,
    ...packages.filter(item => !item.name.startsWith('inner')).map(item => item.name),
  ];
  const project = makeProject(t, { dependencies, files: { 'app.js': importing(names) } });
  addPackages(project, packages);
  const { artifacts } = await buildProject(project);
  const zip = readFileSync(artifacts[0]?.path ?? '');
  const folder = join(temporaryFolder(t), 'tree');
  unpack(zip, folder);
  const report = JSON.parse(readFileSync(join(project, '.layer-builder/report.json'), 'utf8'));
  const forms = report.artifacts[0].packages.map((item: { name: string }) => [item.name, item]);
  const root = join(folder, 'nodejs');
  return {
    root,
    files: readdirSync(join(root, 'node_modules'), { recursive: true, encoding: 'utf8' }),
    forms: Object.fromEntries(forms),
  };
}

const together: MadeUpPackage[] = [];
let builtTogether: Promise<Built> | undefined;
const ends: (() => unknown)[] = [];
test.after.always(async () => {
  for (const end of ends) await end();
});

/** Packages of one test that are built with those of the others: they know nothing of each other, and a build is half a second. */
function addTogether(packages: readonly MadeUpPackage[]): void {
  together.push(...packages);
}

function buildTogether(t: ExecutionContext): Promise<Built> {
  builtTogether ??= build({ ...t, teardown: end => ends.push(end) }, [], together);
  return builtTogether;
}

/** Runs code as Lambda's Node would, beside node_modules; answers what it prints as JSON. */
async function runIn(root: string, code: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--no-experimental-require-module',
      '--input-type=module',
      '-e',
      `const show = value => console.log(JSON.stringify(value));\n${code}`,
    ],
    { cwd: root },
  );
  return JSON.parse(stdout);
}

/** What the handler does first: V8 refuses caches under the flags that Lambda starts Node with. */
const asHandler = `import '${new URL('../../../handler/v8-flags.ts', import.meta.url)}';`;

test('koa and its router: two packages of files for forty, require and import give one class', async t => {
  const { root, files, forms } = await build(t, ['koa', '@koa/router'], []);
  t.deepEqual([...new Set(Object.values(forms).map(item => item.form))], ['compacted']);
  t.true(files.length < 30, `${files.length} files`);
  const answer = await runIn(
    root,
    `import { createRequire } from 'node:module';
     import Koa, { HttpError } from 'koa';
     import Router from '@koa/router';
     const require = createRequire(process.cwd() + '/x.js');
     const app = new Koa();
     app.use(new Router().get('/a/:b', context => { context.body = { b: context.params.b }; }).routes());
     const server = app.listen(0, async () => {
       const answer = await fetch('http://127.0.0.1:' + server.address().port + '/a/1');
       show([Koa === require('koa'), HttpError.name, typeof require('@koa/router').Router, answer.status, await answer.json(), require('koa/package.json').version]);
       server.close();
     });`,
  );
  const { version } = JSON.parse(readFileSync('node_modules/koa/package.json', 'utf8'));
  t.deepEqual(answer, [true, 'HttpError', 'function', 200, { b: '1' }, version]);
});

addTogether([
  {
    name: 'two-sides',
    manifest: { exports: { '.': { import: './side.mjs', require: './side.cjs' } } },
    files: {
      'side.mjs': `export const side = 'import'; export default class Side {}`,
      'side.cjs': `exports.side = 'require'; exports.only = 1;`,
    },
  },
]);

test('a package with import and require sides keeps both, with their own names', async t => {
  const { root, forms } = await buildTogether(t);
  t.is(forms['two-sides']?.form, 'compacted');
  const answer = await runIn(
    root,
    `import { createRequire } from 'node:module';
     import * as imported from 'two-sides';
     const required = createRequire(process.cwd() + '/x.js')('two-sides');
     show([imported.side, Object.keys(imported), imported.default.name, required]);`,
  );
  t.deepEqual(answer, ['import', ['default', 'side'], 'Side', { side: 'require', only: 1 }]);
});

addTogether([
  {
    name: 'inner-state',
    files: { 'index.js': `exports.count = 0; exports.next = () => ++exports.count;` },
  },
  {
    name: 'esm-user',
    manifest: { type: 'module', main: 'i.js', dependencies: { 'inner-state': '1.0.0' } },
    files: {
      'i.js': `import state, { next } from 'inner-state'; export const tick = () => next(); export { state };`,
    },
  },
  {
    name: 'cjs-user',
    manifest: { dependencies: { 'inner-state': '1.0.0' } },
    files: {
      'index.js': `const s = require('inner-state'); module.exports = { tick: () => s.next(), state: s };`,
    },
  },
]);

test('an ES module and a CommonJS module share one copy of what both need', async t => {
  const { root, files } = await buildTogether(t);
  t.false(files.some(path => path.startsWith('inner-state')));
  const answer = await runIn(
    root,
    `import { tick, state } from 'esm-user';
     import other from 'cjs-user';
     show([tick(), other.tick(), tick(), state === other.state]);`,
  );
  t.deepEqual(answer, [1, 2, 3, true]);
});

interface Hazard {
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
  readonly type?: 'module';
  /** What else the app imports of it. */
  readonly asked?: string;
  readonly form: 'traced' | 'whole';
  readonly reason: RegExp;
}

const hazards: readonly Hazard[] = [
  {
    title: 'reads a file beside itself',
    files: {
      'index.js': `exports.text = require('fs').readFileSync(__dirname + '/data.txt', 'utf8');`,
      'data.txt': 'data',
    },
    form: 'traced',
    reason: /__dirname/,
  },
  {
    title: 'requires by a computed name',
    files: { 'index.js': `exports.text = name => require('./' + name);`, 'data.js': '' },
    form: 'whole',
    reason: /name is computed/,
  },
  {
    title: 'imports by a computed name',
    type: 'module',
    files: { 'index.js': `export const text = name => import('./' + name);`, 'data.js': '' },
    form: 'whole',
    reason: /name is computed/,
  },
  {
    title: 'asks import.meta where it lies',
    type: 'module',
    files: { 'index.js': `export const text = import.meta.url.length;` },
    form: 'traced',
    reason: /import\.meta/,
  },
  {
    title: 'hands require on',
    files: { 'index.js': `exports.text = (f => typeof f)(require);` },
    form: 'whole',
    reason: /require as a value/,
  },
  {
    title: 'looks names up in an object',
    files: {
      'index.js': `exports.text = (function (fields) { var name = 1; with (fields) { return name; } })({ name: 3 });`,
    },
    form: 'traced',
    reason: /\(with\)/,
  },
  {
    title: 'does not load',
    files: { 'index.js': `throw new Error('only in a browser');` },
    form: 'whole',
    reason: /does not load/,
  },
  {
    title: 'is asked for its data',
    files: { 'index.js': `exports.text = require('./data.json');`, 'data.json': '{ "data": -0 }' },
    asked: '/data.json',
    form: 'traced',
    reason: /the app asks for its data/,
  },
  {
    title: 'is asked for whole',
    files: { 'index.js': `exports.text = 1;` },
    form: 'whole',
    reason: /configuration asks/,
  },
];

test('a package that would not survive a bundle is traced or stays whole, with the reason, and what it needs is traced', async t => {
  const packages = hazards.map(
    ({ files, type }, index): MadeUpPackage => ({
      name: `hazard-${index}`,
      manifest: { main: 'index.js', ...(type ? { type } : {}), dependencies: { 'inner-part': '1.0.0' } },
      files,
    }),
  );
  const inner = { name: 'inner-part', files: { 'index.js': 'exports.part = 1;' } };
  const fine = {
    name: 'fine',
    manifest: { dependencies: { 'inner-part': '1.0.0' } },
    files: { 'index.js': `exports.part = require('inner-part').part;` },
  };
  const more = hazards.flatMap(({ asked }, index) => (asked === undefined ? [] : `hazard-${index}${asked}`));
  const project = makeProject(t, {
    files: { 'app.js': importing(['fine', ...packages.map(item => item.name), ...more]) },
    manifest: { dependencies: {}, 'layer-builder': { forms: { [`hazard-${hazards.length - 1}`]: 'whole' } } },
  });
  addPackages(project, [inner, fine, ...packages]);
  const { artifacts } = await buildProject(project);
  const report = JSON.parse(readFileSync(join(project, '.layer-builder/report.json'), 'utf8'));
  const forms = new Map<string, { form: string; reason: string }>(
    report.artifacts[0].packages.map((item: { name: string }) => [item.name, item]),
  );
  for (const [index, { title, form, reason }] of hazards.entries()) {
    t.is(forms.get(`hazard-${index}`)?.form, form, title);
    t.regex(forms.get(`hazard-${index}`)?.reason ?? '', reason, title);
  }
  t.is(forms.get('fine')?.form, 'compacted');
  t.is(forms.get('inner-part')?.form, 'traced');
  const root = join(temporaryFolder(t), 'tree');
  unpack(readFileSync(artifacts[0]?.path ?? ''), root);
  const answer = await runIn(
    join(root, 'nodejs'),
    `import { part } from 'fine';
     import { text } from 'hazard-0';
     const { default: data } = await import('${more[0]}', { with: { type: 'json' } });
     const { default: user } = await import('${more[0]?.split('/')[0]}');
     show([part, text, (await import('inner-part')).default.part, user.text === data]);`,
  );
  t.deepEqual(answer, [1, 'data', 1, true]);
});

{
  const inner = {
    name: 'inner-modes',
    files: {
      'index.js': `exports.isStrict = (function () { return this === undefined; })();`,
      'strict.js': `/* first */ 'use strict';\nexports.isStrict = (function () { return this === undefined; })();`,
    },
  };
  const modes = `[require('inner-modes').isStrict, require('inner-modes/strict').isStrict]`;
  const dependencies = { 'inner-modes': '1.0.0' };
  addTogether([
    inner,
    {
      name: 'strict-user',
      manifest: { dependencies },
      files: { 'index.js': `'use strict';\nexports.modes = ${modes};` },
    },
    {
      name: 'sloppy-user',
      manifest: { dependencies },
      files: {
        'index.js': `#!/usr/bin/env node
            exports.modes = ${modes};
            exports.isStrict = (function () { return this === undefined; })();
            exports.own = [this === exports, typeof require, require.main === module, module.exports === exports];
            exports.partly = require('./a').seen;
            exports.tries = [1, 2].map(() => { try { require('./fails'); } catch (error) { return error.message; } });
            exports.proto = Object.keys(require('./data.json'));
            exports.redeclared = Object.keys(require('./var'));
            exports.arguments = [arguments[0] === exports, typeof arguments[1], arguments[2] === module];
            exports.same = require('./a') === require('./a.js');
            if (exports.same) return;
            exports.after = 'a return ends the module';`,
        'a.js': `exports.early = 1; exports.seen = require('./b').seen; exports.late = 1;`,
        'b.js': `exports.seen = Object.keys(require('./a'));`,
        'fails.js': `globalThis.tries = (globalThis.tries ?? 0) + 1; throw new Error('try ' + globalThis.tries);`,
        'var.js': `var exports = exports || {}; var module = module || {}; exports.kept = 1;`,
        'data.json': '{"__proto__":1,"b":2}',
      },
    },
  ]);
}

test('CommonJS modules run in a bundle as Node runs them, each strict or sloppy as it was written', async t => {
  const { root, forms } = await buildTogether(t);
  for (const name of ['inner-modes', 'strict-user', 'sloppy-user']) t.is(forms[name]?.form, 'compacted');
  const answer = await runIn(
    root,
    `import strict from 'strict-user';
     import sloppy from 'sloppy-user';
     show([strict, sloppy]);`,
  );
  t.deepEqual(answer, [
    { modes: [false, true] },
    {
      modes: [false, true],
      isStrict: false,
      own: [true, 'function', false, true],
      partly: ['early'],
      tries: ['try 1', 'try 2'],
      proto: ['__proto__', 'b'],
      redeclared: ['kept'],
      arguments: [true, 'function', true],
      same: true,
    },
  ]);
});

addTogether([
  {
    name: 'inner-tool',
    files: { 'index.js': `exports.tool = 1;`, 'extra.js': `exports.extra = 2;`, 'never.js': '' },
  },
  {
    name: 'traced',
    manifest: { main: 'lib/index.js', dependencies: { 'inner-tool': '1.0.0' } },
    files: {
      'lib/index.js': `
            const { readFileSync } = require('fs');
            const { join } = require('path');
            exports.text = readFileSync(join(__dirname, '..', 'views', 'page.html'), 'utf8');
            exports.child = join(__dirname, 'child.js');
            exports.later = () => require('./later').later;
            exports.odd = () => [require("./it's"), require('./\\x6c\\u{6c}6'), require('./od\\
d')];
            exports.tools = [require('inner-tool').tool, require('inner-tool/extra.js').extra];`,
      'lib/later.js': `exports.later = 'later';`,
      "lib/it's.js": 'module.exports = 1;',
      'lib/ll6.js': 'module.exports = 2;',
      'lib/odd.js': 'module.exports = 3;',
      'lib/child.js': `exports.child = 1;`,
      'lib/never.js': `exports.never = 1;`,
      'views/page.html': '<p>',
      LICENSE: 'free',
    },
  },
]);

test('a traced package keeps what is reached: code by name, data by path, and nothing else', async t => {
  const { root, files, forms } = await buildTogether(t);
  t.is(forms['traced']?.form, 'traced', forms['traced']?.reason);
  t.deepEqual(files.filter(path => path.startsWith('traced/') && /\.|LICENSE/.test(path)).sort(), [
    ...['traced/lib/child.js', 'traced/lib/index.js', "traced/lib/it's.js", 'traced/lib/later.js'],
    ...['traced/lib/ll6.js', 'traced/lib/odd.js'],
    ...['traced/package.json', 'traced/views/page.html'],
  ]);
  t.deepEqual(files.filter(path => path.startsWith('inner-tool/')).sort(), [
    ...['inner-tool/extra.js', 'inner-tool/index.js', 'inner-tool/package.json'],
  ]);
  const answer = await runIn(
    root,
    `import traced from 'traced'; show([traced.text, traced.later(), traced.tools, traced.odd()]);`,
  );
  t.deepEqual(answer, ['<p>', 'later', [1, 2], [1, 2, 3]]);
});

addTogether([
  {
    name: 'server',
    manifest: { type: 'module', main: 'i.js' },
    files: {
      'i.js': `import http, { // by number (all)
                     STATUS_CODES as codes /* , METHODS */ } from 'node:http'; import * as all from 'node:http';
                   export const teapot = codes[418]; export const same = http.STATUS_CODES === codes && all.default.METHODS === all.METHODS;`,
    },
  },
]);

test('node:http is taken without waking undici', async t => {
  const { root } = await buildTogether(t);
  const answer = await runIn(
    root,
    `import { same, teapot } from 'server';
     show([same, teapot, process.moduleLoadList.some(name => name.includes('undici'))]);`,
  );
  t.deepEqual(answer, [true, "I'm a Teapot", false]);
});

{
  const code = `'ü😀', /^[é😀-😂]$/u.test('😁'), \`ä\`, String.raw\`\\u00e4\`, { ö: 'ß' }.ö`;
  addTogether([
    {
      name: 'other-letters',
      manifest: { exports: { import: './i.mjs', require: './r.js' } },
      files: {
        'i.mjs': `export const said = [${code}];`,
        'r.js': `exports.said = [${code}, require('./data.json')];`,
        'data.json': JSON.stringify({ ключ: '値' }),
      },
    },
  ]);
}

test('bundled code is ASCII and means what it meant', async t => {
  const { root, files } = await buildTogether(t);
  for (const path of files.filter(name => /js$/.test(name)))
    t.regex(readFileSync(join(root, 'node_modules', path), 'utf8'), /^[\0-\x7f]+$/, path);
  const answer = await runIn(
    root,
    `import { createRequire } from 'node:module';
     import { said } from 'other-letters';
     show([said, createRequire(process.cwd() + '/x.js')('other-letters').said]);`,
  );
  const said = ['ü😀', true, 'ä', '\\u00e4', 'ß'];
  t.deepEqual(answer, [said, [...said, { ключ: '値' }]]);
});

test('a package that imports one below itself, which stays as it is, is not moved away from it', async t => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'node_modules/outer/index.js');
  const below = { main: 'i.js', type: 'module' };
  write(folder, 'node_modules/outer/index.js', `exports.load = () => import('below');`);
  write(folder, 'node_modules/outer/node_modules/below/package.json', below);
  write(folder, 'node_modules/outer/node_modules/below/i.js', `export const below = 1;`);
  const { hazards } = await bundlePackages({
    ...{ folder, artifact: 'core', entries: [{ name: 'outer/index', file }], sourceMaps: false },
    ...{ raw: new Set(['node_modules/outer/node_modules/below']), early: new Set([file]) },
    ...{ started: new Set<string>(), modules: new Map(), looked: new Map() },
  });
  t.deepEqual([...hazards.keys()], ['node_modules/outer']);
});

addTogether([
  {
    name: 'sleeper',
    files: {
      'index.js': `exports.state = require('./state'); exports.wake = () => require('./late').wake();
                       exports.asked = () => [require?.('./optional').is, require('./more', 1).is];`,
      'optional.js': `exports.is = 'optional';`,
      'more.js': `exports.is = 'more';`,
      'state.js': `exports.count = 0;`,
      'late.js': `const state = require('./state'); const own = require('./index'); const text = '${'x'.repeat(70_000)}';
                      exports.wake = () => [++state.count, own.state === state, text.length];`,
    },
  },
]);

test('what only a function asks for lies in a file that no start reads, and finds the same modules', async t => {
  const { root, files } = await buildTogether(t);
  t.true(files.includes('.chunks/core-late-0.cjs'));
  const answer = await runIn(
    root,
    `import { createRequire } from 'node:module';
     import sleeper from 'sleeper';
     const { cache } = createRequire(import.meta.url);
     const isRead = () => Object.keys(cache).some(path => path.includes('-late-'));
     show([isRead(), sleeper.wake(), sleeper.wake(), isRead(), sleeper.asked()]);`,
  );
  t.deepEqual(answer, [false, [1, true, 70_000], [2, true, 70_000], true, ['optional', 'more']]);
});

test('the compile cache is accepted by a Node with the flags that Lambda gives it, from wherever the artifact lies', async t => {
  const { root } = await build(t, ['debug'], []);
  const lambda = { runtime: 'nodejs24.x', memoryMb: 512, variables: {} };
  // Node looks only in the folder of its own user, and the artifact's is Lambda's.
  const cache = join(root, '.layer-builder/cache');
  const [made = ''] = readdirSync(cache);
  t.regex(made, /-993$/);
  renameSync(join(cache, made), join(cache, made.replace(/993$/, String(process.getuid?.()))));
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [
      ...functionCommand(lambda, { node: '', runtime: '' }).slice(1, -1),
      '--input-type=module',
      '-e',
      `${asHandler} import module from 'node:module'; module.enableCompileCache({ directory: process.cwd() + '/.layer-builder/cache', portable: true }); await import('debug');`,
    ],
    // without the suite's own cache, which would be taken instead
    { cwd: root, env: { PATH: process.env['PATH'], NODE_DEBUG_NATIVE: 'COMPILE_CACHE' } },
  ).then(({ stdout, stderr }) => ({ stderr: stdout + stderr }));
  t.regex(stderr, /node_modules\/debug\/index\.cjs was accepted/);
  t.notRegex(stderr, /was rejected/);
});

test('what every start runs has its own cache, with what ran, and does without one that V8 refuses', async t => {
  const { root, files } = await build(t, ['koa', '@koa/router'], []);
  t.true(files.includes('.chunks/core-start.js.cache'));
  const code = `${asHandler} import vm from 'node:vm';
    const made = [];
    vm.Script = class extends vm.Script { constructor(...args) { super(...args); made.push(this.cachedDataRejected); } };
    const { default: Koa } = await import('koa');
    let at; try { new Koa().use(1); } catch (error) { [, at] = error.stack.split('\\n'); }
    console.log(JSON.stringify([made, at]));`;
  const lambda = functionCommand(
    { runtime: 'nodejs24.x', memoryMb: 512, variables: {} },
    { node: '', runtime: '' },
  );
  for (const [flags, isRejected] of [
    [lambda.slice(1, -1), false],
    [['--no-flush-bytecode'], true],
  ] as const) {
    const args = [...flags, '--input-type=module', '-e', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    const [made, at] = JSON.parse(stdout);
    t.deepEqual(made, [isRejected]);
    t.true(at.includes(join(root, 'node_modules/.chunks/core-start.js')), at);
  }
});

test('what every start runs may import, as Node lets a module, without a warning in the log', async t => {
  const files = {
    'index.js': `exports.word = 'import(';
      exports.data = () => import('./data.json', { with: { type: 'json' } }).catch(error => error.code);
      exports.hooks = () => import('node:async_hooks');`,
  };
  const { root } = await build(t, ['koa', '@koa/router'], [{ name: 'asks', files }]);
  t.true(readFileSync(join(root, 'node_modules/.chunks/core-start.js'), 'utf8').includes('async_hooks'));
  const code = `import asks from 'asks';
    const { AsyncLocalStorage } = await asks.hooks();
    console.log(asks.word, typeof AsyncLocalStorage, await asks.data());`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', code],
    {
      cwd: root,
    },
  );
  t.deepEqual([stdout, stderr], ['import( function ERR_MODULE_NOT_FOUND\n', '']);
});

addTogether([
  {
    name: 'required',
    files: {
      'index.js': `require('node:path'); exports.threads = require('worker_threads').isMainThread;`,
    },
  },
  {
    name: 'imported',
    manifest: { type: 'module', main: 'i.js' },
    files: {
      'i.js': `import { join } from 'node:path'; import { isMainThread } from 'node:worker_threads';
                   export const path = join('a', 'b'); export const main = isMainThread;`,
    },
  },
]);

test("Node's modules pass resolution hooks by, worker_threads does not: threads depend on it", async t => {
  const { root } = await buildTogether(t);
  const answer = await runIn(
    root,
    `import module from 'node:module';
     const seen = new Set();
     module.registerHooks({ resolve: (name, context, next) => (seen.add(name), next(name, context)) });
     const { default: required } = await import('required');
     const { path, main } = await import('imported');
     show([required.threads, path, main, [...seen].filter(name => /path|worker/.test(name)).sort()]);`,
  );
  t.deepEqual(answer, [true, 'a/b', true, ['node:worker_threads', 'worker_threads']]);
});

{
  const code = `const http2 = require('http2'); const { constants } = http2; exports.status = () => constants.HTTP_STATUS_OK;
    exports.names = () => Object.keys(http2); exports.connect = () => http2.connect; exports.set = value => { http2.extra = value; };
    exports.same = require('node:http2') === http2;`;
  addTogether([{ name: 'two', files: { 'index.js': code } }]);
}

test('node:http2 is loaded by the first use of it or its constants, and is the module itself in all else', async t => {
  const { root } = await buildTogether(t);
  const answer = await runIn(
    root,
    `import two from 'two';
     const isLoaded = () => process.moduleLoadList.includes('NativeModule http2');
     const facts = [two.same, isLoaded(), two.status(), isLoaded()];
     two.set(1);
     const http2 = process.getBuiltinModule('http2');
     show([...facts, two.connect() === http2.connect, http2.extra, String(two.names()) === String(Object.keys(http2))]);`,
  );
  t.deepEqual(answer, [true, false, 200, true, true, 1, true]);
});

{
  const names = String.raw`[require('./\x6c6').is, require("./it's").is, require('./a\u{62}\143').is, require('./\
more').is]`;
  const files = { 'l6.js': `exports.is = 1;`, "it's.js": `exports.is = 2;`, 'abc.js': `exports.is = 3;` };
  const more = { 'more.js': 'exports.is = 4;' };
  addTogether([
    { name: 'bundled', files: { 'index.js': `exports.found = ${names};`, ...files, ...more } },
    {
      name: 'traced-names',
      files: { 'index.js': `exports.place = __dirname; exports.found = ${names};`, ...files, ...more },
    },
    { name: 'inner-cjs', files: { 'index.js': `exports['a-b'] = 5; exports.c = 6;` } },
    {
      name: 'text-names',
      manifest: { type: 'module', main: 'i.js', dependencies: { 'inner-cjs': '1.0.0' } },
      files: {
        'i.js': `import os, { type } from 'node:os'; import { 'EOL' as line, "default" as same } from 'node:os';
                   import cjs from 'inner-cjs'; import { 'a-b' as ab, c } from 'inner-cjs';
                   export const found = [typeof type, line.length, same === os, cjs['a-b'], ab, c];`,
      },
    },
  ]);
}

test('modules are found however their names are written, in a bundle and traced', async t => {
  const { root, forms } = await buildTogether(t);
  t.is(forms['bundled']?.form, 'compacted');
  t.is(forms['traced-names']?.form, 'traced');
  t.is(forms['text-names']?.form, 'compacted', forms['text-names']?.reason);
  const answer = await runIn(
    root,
    `import bundled from 'bundled'; import traced from 'traced-names'; import { found } from 'text-names';
     show([bundled.found, traced.found, found]);`,
  );
  t.deepEqual(answer, [
    [1, 2, 3, 4],
    [1, 2, 3, 4],
    ['function', 1, true, 5, 5, 6],
  ]);
});

const odd = String.raw`{ "minus": -0, "most": [1e400], "twice": 1, "twice": { "a b": 2 }, "_\u005fproto__": { "x": -0 } }`;
const table = Array.from({ length: 600 }, (_, index) => `"key-${index}": { "list": [${index}] }`).join();
const [large, list] = [`\uFEFF{ ${table}, "odd": ${odd} }`, JSON.stringify(Array(3000).fill([1]))];
const plain = `{ ${table} }`;
addTogether([
  {
    name: 'data',
    files: {
      'index.js': `exports.small = require('./small.json'); exports.large = require('./large.json');
            exports.read = path => { switch (path) {
              case 'a': return require('./a/list.json'); case 'b': return require('./b/list.json');
              case 'plain': return require('./a/table.json'); case 'more': return require('./b/table.json');
              case 'same': return require('./b/table.json'); } };`,
      ...{ 'small.json': odd, 'large.json': large, 'a/list.json': list, 'b/list.json': list },
      ...{ 'a/table.json': plain, 'b/table.json': plain },
    },
  },
]);

test('JSON files give what JSON.parse gives, and each an object of its own', async t => {
  const { root, forms } = await buildTogether(t);
  t.is(forms['data']?.form, 'compacted', forms['data']?.reason);
  const answer = await runIn(
    root,
    `import assert from 'node:assert'; import data from 'data';
     const odd = JSON.parse(String.raw\`${odd}\`);
     assert.deepStrictEqual(Object.entries(data.small), Object.entries(odd));
     assert.deepStrictEqual(Object.entries(data.large.odd), Object.entries(odd));
     const lists = ['a', 'b'].map(data.read);
     lists[0][0].push(2);
     // changed before the other one, which is made from it, is read
     const plain = data.read('plain');
     plain['key-7'].list.push('changed');
     plain.added = 1;
     const more = data.read('more');
     show([lists[1][0], more['key-7'], 'added' in more, more === data.read('same'), Object.keys(more).length]);`,
  );
  t.deepEqual(answer, [[1], { list: [7] }, false, true, 600]);
});
