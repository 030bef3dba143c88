/** R6 in this very thread: workers, flags that workers may not have, packages of the runtime. */
import * as fs from 'node:fs';
import module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { makeImportable } from '../../../handler/resolve.ts';

const folder = fs.mkdtempSync(path.join(tmpdir(), 'hooks-'));
test.after.always(() => fs.rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

// Before the hook is installed: what NODE_PATH names then is the runtime's.
process.env['NODE_PATH'] = path.join(folder, 'runtime/node_modules');
put('runtime/node_modules/of-runtime/index.js', 'module.exports = "of the runtime";');
put('one/nodejs/node_modules/hooked/index.js', 'module.exports = "of one";');
put('one/nodejs/node_modules/@scope/hooked/index.js', 'module.exports = "scoped";');
put('two/nodejs/node_modules/hooked-later/index.js', 'module.exports = "of two";');
put('one/nodejs/node_modules/.hidden/index.js', '');
put('empty/nodejs/x', '');
makeImportable([path.join(folder, 'one'), path.join(folder, 'empty')]);

const load = (name: string): Promise<{ default: unknown }> => import(name);

test('packages, scoped ones too, are importable, and those of the runtime', async t => {
  t.is((await load('hooked')).default, 'of one');
  t.is((await load('@scope/hooked')).default, 'scoped');
  t.is((await load('of-runtime')).default, 'of the runtime');
  t.is(createRequire(import.meta.url)('of-runtime'), 'of the runtime');
});

test('what is not there fails as it does in Node', async t => {
  await t.throwsAsync(load('nowhere-at-all'), { code: 'ERR_MODULE_NOT_FOUND' });
  await t.throwsAsync(load('@scope/nowhere'), { code: 'ERR_MODULE_NOT_FOUND' });
});

test('a module without a file of its own imports them as well', async t => {
  const text = 'import hooked from "hooked"; export default hooked;';
  t.is((await load(`data:text/javascript,${encodeURIComponent(text)}`)).default, 'of one');
});

test('a longer list adds to what is known', async t => {
  await t.throwsAsync(load('hooked-later'), { code: 'ERR_MODULE_NOT_FOUND' });
  makeImportable([path.join(folder, 'two')]);
  t.is((await load('hooked-later')).default, 'of two');
  t.is((await load('hooked')).default, 'of one');
});

test('workers find them, whatever flags they are given, and bad options stay an error', async t => {
  const { Worker } = await import('node:worker_threads');
  put(
    'worker.mjs',
    'import h from "hooked"; import { parentPort } from "node:worker_threads"; parentPort.postMessage(h);',
  );
  const file = pathToFileURL(path.join(folder, 'worker.mjs'));
  for (const execArgv of [undefined, [], ['--expose-gc', '--no-warnings', '--max-old-space-size=100']]) {
    const worker = new Worker(file, execArgv === undefined ? {} : { execArgv });
    const said = await new Promise((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    );
    t.is(said, 'of one');
    t.true(worker instanceof Worker);
  }
  t.throws(() => new Worker('relative.js'), { code: 'ERR_WORKER_PATH' });
});

test.serial('a Node without hooks, and a folder of packages that cannot be read, have codes', t => {
  const { registerHooks } = module;
  t.teardown(() => Object.assign(module, { registerHooks }));
  Object.assign(module, { registerHooks: undefined });
  t.throws(() => makeImportable([]), { code: 'DEPS_RESOLVE', message: /22\.15/ });
  Object.assign(module, { registerHooks });
  put('broken/nodejs/node_modules', 'a file');
  t.throws(() => makeImportable([path.join(folder, 'broken')]), { code: 'DEPS_DISK' });
});
