/** A client generated from the running service's OpenAPI document: it compiles, and it works over the wire. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { playEverybody } from './helpers/everybody.ts';
import { generateTypes } from './helpers/generate-types.ts';
import { key, serve } from './helpers/serve.ts';

const run = promisify(execFile);
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const program = fileURLToPath(new URL('./fixtures/client/program.ts', import.meta.url));
const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  noEmit: true,
};

test('a client generated with openapi-typescript compiles strictly and works against the running service', async t => {
  const service = await serve(t, await playEverybody(t));
  const folder = await mkdtemp(join(tmpdir(), 'generated-client-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await Promise.all([
    generateTypes((await service.get('/openapi.json')).text).then(types =>
      writeFile(join(folder, 'api.ts'), types),
    ),
    copyFile(program, join(folder, 'program.ts')),
    writeFile(join(folder, 'package.json'), '{"type":"module"}'),
    writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] })),
    symlink(modules, join(folder, 'node_modules')),
  ]);

  const compiled = await run(join(modules, '.bin/tsc'), ['-p', folder]).catch(
    (error: { stdout: string }) => error,
  );
  t.is(compiled.stdout, '');

  const { stdout } = await run(process.execPath, [join(folder, 'program.ts'), service.url, key]);
  const answers = JSON.parse(stdout) as Record<string, unknown>;
  t.regex(String(answers['version']), /^v\d+\.\d+\.\d+$/);
  t.regex(String(answers['table']), /^┌─+┐\n│ Files by Size: acme\/sample/);
  t.regex(String(answers['markdown']), /^# acme\/sample\n/);
  t.like(answers, {
    status: 'operational',
    smallest: [{ path: 'src/a.ts', size_bytes: 9 }, { path: 'README.md' }],
    folders: 1,
    readme: 'README.md\n',
    paths: ['src/a.ts', 'src/b/c.py'],
    again: 304,
    cookie: { message: 'Cookie set successfully', cookie_name: 'x-api-key' },
    unauthorized: 'Client API key is missing, you need to set it on a header or cookie',
    field: ['query', 'owner'],
  });
  t.is(typeof answers['seconds'], 'number');
});
