/** The console: what it shows, what it does, and who it refuses. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PublishLayerVersionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import test from 'ava';
import { makeCaller } from '../../../layer-builder/aws/calls.ts';
import type { AwsClients } from '../../../layer-builder/aws/clients.ts';
import { openClients } from '../../../layer-builder/aws/clients.ts';
import { openInventory } from '../../../layer-builder/aws/inventory.ts';
import type { Console } from '../../../layer-builder/console/server.ts';
import { openConsole } from '../../../layer-builder/console/server.ts';
import { drawInvocation } from '../../../layer-builder/console/timeline.ts';
import { codeLockReader } from '../../../layer-builder/read/code-lock.ts';
import type { LocalAws } from '../../../local-aws/index.ts';
import { startLocalAws } from '../../../local-aws/index.ts';
import { createFunction, zipOf } from '../../local-aws/support.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'console-'));
const key = `sha256/${'a'.repeat(64)}.zip`;
const bucket = 'console';
let local: LocalAws;
let clients: AwsClients;
let page: Console;

test.before(async () => {
  local = await startLocalAws({ port: 0, urlPort: 0, data: folder, sandbox: 'process' });
  const env = {
    AWS_ENDPOINT_URL: local.endpoint,
    AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
  };
  clients = await openClients(env, local.region);
  const { s3, lambda } = clients;
  const call = makeCaller(clients);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'bytes' }));
  page = await openConsole({
    port: 0,
    path: '/hello',
    isolated: 'nothing',
    tools: {
      s3,
      lambda,
      bucket,
      project: folder,
      key: undefined,
      call,
      codeLock: codeLockReader({ call }, await openInventory(clients, call)),
      endEnvironments: local.endEnvironments,
    },
    invocations: () => local.invocations,
    onInvocation: local.onInvocation,
  });
});
test.after.always(async () => {
  await page?.close();
  clients?.close();
  await local?.close();
  rmSync(folder, { recursive: true, force: true });
});

test.serial('the world is what S3 and Lambda answer', async t => {
  const world = await (await fetch(`${page.url}api/world`)).json();
  t.deepEqual(world, {
    functions: [],
    layers: [],
    objects: [
      {
        key,
        artifact: '',
        bytes: 5,
        digest: `sha256:${'a'.repeat(64)}`,
        state: 'damaged',
        restorable: false,
        usedBy: [],
      },
    ],
    invocations: [],
    path: '/hello',
    isolated: 'nothing',
  });
});

test('an object is whole, damaged or missing, and a deleted one can be put back from the last build', async t => {
  const bytes = Buffer.from('bytes of an artifact');
  const hex = createHash('sha256').update(bytes).digest('hex');
  const own = `sha256/${hex}.zip`;
  const built = path.join(folder, '.layer-builder/artifacts');
  mkdirSync(built, { recursive: true });
  writeFileSync(path.join(built, `core-${hex}.zip`), bytes);
  const { ZipFile } = { ZipFile: await zipOf({ 'nodejs/x.js': '' }) };
  const layer = { LayerName: 'l', Description: `lb1 sha256:${hex}`, Content: { ZipFile } };
  await clients.lambda.send(new PublishLayerVersionCommand(layer));
  const state = async () => {
    const answer = await fetch(`${page.url}api/world`);
    const { objects } = (await answer.json()) as { objects: { key: string; state: string }[] };
    return objects.find(object => object.key === own)?.state;
  };
  t.is(await state(), 'missing');
  t.is((await post('restore', { key: own })).status, 200);
  t.is(await state(), 'whole');
  await post('corrupt', { key: own });
  t.is(await state(), 'damaged');
  await post('restore', { key: own });
  t.is(await state(), 'whole');
  await post('delete', { key: own });
  t.is(await state(), 'missing');
});

test('an object is downloaded by the functions whose lock pins it, and by no other', async t => {
  const hex = 'c'.repeat(64);
  const lock = {
    ...{ formatVersion: 1, service: 's', runtime: 'nodejs24.x', architecture: 'x86_64' },
    artifacts: [
      {
        ...{ name: 'core', load: 'eager', size: 1, unpackedSize: 1, files: 1, packages: [], published: {} },
        ...{ digest: `sha256:${hex}`, tree: `sha256:${hex}`, s3: { key: `sha256/${hex}.zip` } },
      },
    ],
  };
  const files = { 'index.mjs': '', 'deps.lock.json': JSON.stringify(lock) };
  for (const DEPS_SOURCE of ['s3', 'layer']) {
    await createFunction(clients.lambda, `from-${DEPS_SOURCE}`, {
      files,
      Environment: { Variables: { DEPS_SOURCE } },
    });
  }
  for (const digit of ['c', 'd']) {
    const Key = `sha256/${digit.repeat(64)}.zip`;
    await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: digit }));
  }
  const { objects } = (await (await fetch(`${page.url}api/world`)).json()) as {
    objects: { key: string; artifact: string; usedBy: string[] }[];
  };
  const of = (digit: string) => objects.find(item => item.key.includes(digit.repeat(64)));
  t.like(of('c'), { artifact: 'core', usedBy: ['from-s3'] });
  t.like(of('d'), { artifact: '', usedBy: [] });
});

test('flipping a bit changes one bit of the object', async t => {
  const other = `sha256/${'b'.repeat(64)}.zip`;
  await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: other, Body: 'bytes' }));
  t.is((await post('corrupt', { key: other })).status, 200);
  const object = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: other }));
  t.is(await object.Body?.transformToString(), 'byues');
  t.is((await post('delete', { key: other })).status, 200);
});

for (const [file, type] of [
  ['', 'text/html'],
  ['console.css', 'text/css'],
  ['console.js', 'text/javascript'],
  ['elements.js', 'text/javascript'],
  ['invocations.js', 'text/javascript'],
] as const) {
  test(`the page's /${file} is served by us, under a strict policy`, async t => {
    const answer = await fetch(`${page.url}${file}`);
    t.is(answer.status, 200);
    t.true(answer.headers.get('content-type')?.startsWith(type));
    t.regex(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    t.notRegex(await answer.text(), /https?:\/\/(?!www\.w3\.org)/);
  });
}

const refused = test.macro({
  exec(t, headers: Record<string, string>, status: number, body = '{}') {
    const options = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    return new Promise<void>((resolve, reject) => {
      const call = request(`${page.url}api/delete`, options, answer => {
        t.is(answer.statusCode, status);
        answer.resume().on('end', resolve);
      });
      call.on('error', reject);
      call.end(body);
    });
  },
  title: (name = '') => `refused: ${name}`,
});

test('a name that was made to point here', refused, { host: 'evil.example:4567' }, 403);
test('a page of another origin', refused, { origin: 'https://evil.example' }, 403);
test('a form', refused, { 'content-type': 'text/plain' }, 400);
test('an action without its field', refused, {}, 400);
test('a body that is not JSON', refused, {}, 400, '{');

test('an unknown action is not found', async t => {
  t.is((await post('constructor', {})).status, 404);
  t.is((await fetch(`${page.url}../../package.json`)).status, 404);
});

test('a cold start is taken apart, a failure is named', t => {
  const logTail = [
    'START RequestId: r Version: 1',
    '{"level":"ERROR","message":"init failed","error":{"code":"DEPS_DIGEST","message":"other bytes"}}',
    '{"level":"INFO","message":"cold start","artifacts":[{"name":"core","source":"s3"}],"phases":{"core":{"choose":0.5},"app":{"import":60}}}',
    '{"broken',
  ].join('\n');
  const drawn = drawInvocation({
    ...{
      functionName: 'f',
      version: '1',
      requestId: 'r',
      at: 0,
      cold: true,
      durationMs: 1,
      usedMb: 1,
      status: 'success',
    },
    logTail,
  });
  t.deepEqual(drawn.sources, { core: 's3' });
  t.deepEqual(drawn.phases, { 'core choose': 0.5, 'app import': 60 });
  t.deepEqual(drawn.troubles, ['DEPS_DIGEST: other bytes']);
  t.false('logTail' in drawn);
});

function post(action: string, fields: object) {
  return fetch(`${page.url}api/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
}
