/** Secrets by reference: resolved on first use, cached, refreshed on a mismatch, the literal never accepted. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { createSecret } from '../../src/secrets/secret.ts';
import { canary } from '../support/canaries.ts';
import { serve } from './helpers/serve.ts';

const reference = '${ssm:/service/key}';

/** Plays AWS's Parameters and Secrets extension. */
async function startExtension(t: ExecutionContext, parameters: Map<string, string>) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://extension');
    asked.push(`${req.headers['x-aws-parameters-secrets-token']} ${url.pathname} ${url.searchParams}`);
    const value = parameters.get(url.searchParams.get('name') ?? '');
    res.statusCode = value === undefined ? 400 : 200;
    res.end(value === undefined ? 'ParameterNotFound' : JSON.stringify({ Parameter: { Value: value } }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { port: String((server.address() as AddressInfo).port), asked };
}

test('a reference is resolved through the extension, once, and the literal is no key', async t => {
  const parameters = new Map([['/service/key', canary('real-key')]]);
  const extension = await startExtension(t, parameters);
  const service = await serve(t, {
    FAST_API__AUTH__API_KEY__VALUE: reference,
    PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: extension.port,
    AWS_SESSION_TOKEN: canary('session'),
  });
  const status = async (key: string) => (await service.get('/info/version', { 'x-api-key': key })).status;
  t.is(await status(canary('real-key')), 200);
  t.is(await status(canary('real-key')), 200);
  t.deepEqual(extension.asked, [
    `${canary('session')} /systemsmanager/parameters/get name=%2Fservice%2Fkey&withDecryption=true`,
  ]);
  t.is(await status(reference), 401);
});

test('E3 a key changed in the store is taken over at the first mismatch, and the old one is refused', async t => {
  const parameters = new Map([['/service/key', canary('first-key')]]);
  const extension = await startExtension(t, parameters);
  const service = await serve(t, {
    FAST_API__AUTH__API_KEY__VALUE: reference,
    PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: extension.port,
  });
  const status = async (key: string) => (await service.get('/info/version', { 'x-api-key': key })).status;
  t.is(await status(canary('first-key')), 200);
  parameters.set('/service/key', canary('second-key'));
  t.is(await status(canary('second-key')), 200);
  t.is(await status(canary('first-key')), 401);
  for (let i = 0; i < 20; i += 1) t.is(await status(`wrong-${i}`), 401);
  t.true(extension.asked.length <= 4, `${extension.asked.length} readings for 22 mismatches`);
});

test('E4 a reference that cannot be resolved closes the server; the answer does not say why', async t => {
  const extension = await startExtension(t, new Map());
  const service = await serve(t, {
    FAST_API__AUTH__API_KEY__VALUE: reference,
    PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: extension.port,
  });
  const reply = await service.get('/info/version', { 'x-api-key': reference });
  t.deepEqual([reply.status, reply.text], [503, '{"detail":"Service Unavailable"}']);
  t.regex(service.lines.join(''), /could not be resolved/);
});

test('a value is read again after five minutes, and kept while the store fails', async t => {
  let time = 0;
  let store: string | undefined = 'one';
  let readings = 0;
  const secret = createSecret(
    reference,
    async () => {
      readings += 1;
      if (store === undefined) throw new Error('down');
      return store;
    },
    () => time,
  );
  t.is(await secret.read(), 'one');
  store = 'two';
  time = 299_000;
  t.is(await secret.read(), 'one');
  time = 300_000;
  t.is(await secret.read(), 'two');
  store = undefined;
  time = 700_000;
  t.is(await secret.read(), 'two');
  t.is(await secret.read(), 'two');
  t.is(readings, 3);
});

test('concurrent first uses read once', async t => {
  let readings = 0;
  const secret = createSecret(reference, async () => {
    readings += 1;
    return 'value';
  });
  t.deepEqual(await Promise.all([secret.read(), secret.read(), secret.read()]), ['value', 'value', 'value']);
  t.is(readings, 1);
});

test('a store that is down at the very first use is asked again at the next', async t => {
  let down = true;
  const secret = createSecret(reference, async () => {
    if (down) throw new Error('down');
    return 'value';
  });
  await t.throwsAsync(secret.read());
  down = false;
  t.is(await secret.read(), 'value');
});

test('without the extension the SDK of the runtime is found through NODE_PATH, as on Lambda', async t => {
  const folder = await mkdtemp(path.join(tmpdir(), 'runtime-sdk-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const sdk = path.join(folder, '@aws-sdk', 'client-ssm');
  await mkdir(sdk, { recursive: true });
  await writeFile(
    path.join(sdk, 'package.json'),
    '{"name":"@aws-sdk/client-ssm","version":"3.0.0","main":"index.js"}',
  );
  await writeFile(
    path.join(sdk, 'index.js'),
    `exports.GetParameterCommand = class { constructor(input) { this.input = input; } };
     exports.SSMClient = class { async send({ input }) { return { Parameter: { Value: JSON.stringify(input) } }; } };`,
  );
  const module = new URL('../../src/secrets/ssm.ts', import.meta.url).href;
  const code = `const { resolveParameter } = await import(${JSON.stringify(module)});
    console.log(await resolveParameter('/service/key', { port: 1, token: undefined }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, NODE_PATH: folder },
  });
  t.deepEqual(JSON.parse(stdout), { Name: '/service/key', WithDecryption: true });
});
