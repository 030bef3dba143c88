/** What a deployed function answers when its dependencies are damaged, gone, denied or not those of the lock. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { BuiltDocument, Flow } from './support.ts';
import { bucket, must, openFlow } from './support.ts';

const functionName = 'second-project__faults';

let flow: Flow;
let zip: Buffer;
let key: string;

test.before(async t => {
  flow = await openFlow('second-project');
  const built = await must<BuiltDocument>(t, flow.run('build'));
  await must(t, flow.run('publish', '--bucket', bucket));
  await must(t, flow.run('deploy', '--stage', 'faults', '--mode', 's3', '--no-smoke-test'));
  zip = readFileSync(path.resolve(flow.project, built.artifacts[0].path));
  key = `sha256/${createHash('sha256').update(zip).digest('hex')}.zip`;
});
test.after.always(() => flow?.close());

test.serial(
  'a damaged object: 503 with DEPS_DIGEST, and well again once the object is, without a deployment',
  async t => {
    const damaged = Buffer.from(zip);
    damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
    await put(damaged);
    await renew({ DEPS_SOURCE: 's3' });
    await refused(t, 'DEPS_DIGEST');
    await put(zip);
    await answers(t, '/tmp/deps/');
  },
);

test.serial('a missing object: 503 with DEPS_NOT_FOUND', async t => {
  await flow.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  await renew({ DEPS_SOURCE: 's3' });
  await refused(t, 'DEPS_NOT_FOUND');
  await put(zip);
});

test.serial('a denied object: 503 with DEPS_ACCESS_DENIED', async t => {
  const Statement = [
    { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/sha256/*` },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await flow.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  await renew({ DEPS_SOURCE: 's3' });
  await refused(t, 'DEPS_ACCESS_DENIED');
  await flow.s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
});

test.serial(
  'a layer that does not match the lock: DEPS_LAYER_MISMATCH when only the layer will do, S3 when auto',
  async t => {
    const other = await flow.lambda.send(
      new PublishLayerVersionCommand({ LayerName: 'another', Content: { ZipFile: otherLayer() } }),
    );
    const layers = [other.LayerVersionArn ?? ''];
    await renew({ DEPS_SOURCE: 'layer' }, layers);
    await refused(t, 'DEPS_LAYER_MISMATCH');
    await renew({ DEPS_SOURCE: 'auto' }, layers);
    await answers(t, '/tmp/deps/');
  },
);

async function put(bytes: Buffer) {
  await flow.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
}

/** Changes the configuration, which also makes Lambda start a new execution environment. */
async function renew(variables: Record<string, string>, layers: string[] = []) {
  const now = await flow.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
  const count = Number(now.Environment?.Variables?.['RENEWED'] ?? 0) + 1;
  await flow.lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: functionName,
      Environment: { Variables: { ...variables, DEPS_DEADLINE_MS: '3000', RENEWED: String(count) } },
      Layers: layers,
    }),
  );
  await waitUntilFunctionUpdatedV2(
    { client: flow.lambda, maxWaitTime: 20, minDelay: 0.1, maxDelay: 0.2 },
    { FunctionName: functionName },
  );
}

async function invoke(t: ExecutionContext) {
  const event = {
    version: '2.0',
    rawPath: '/hello',
    rawQueryString: '',
    headers: { host: 'test' },
    requestContext: { http: { method: 'GET', path: '/hello', sourceIp: '127.0.0.1' }, requestId: 'r1' },
  };
  const answer = await flow.lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event), LogType: 'Tail' }),
  );
  const log = Buffer.from(answer.LogResult ?? '', 'base64').toString();
  t.is(answer.FunctionError, undefined, log);
  return { payload: JSON.parse(Buffer.from(answer.Payload ?? []).toString()), log };
}

async function refused(t: ExecutionContext, code: string) {
  const { payload, log } = await invoke(t);
  t.is(payload.statusCode, 503, log);
  t.true(payload.body.includes(code), payload.body);
  t.false(payload.body.includes(bucket) || payload.body.includes('/tmp'), 'the body tells of the inside');
  t.truthy(payload.headers['retry-after'] ?? payload.headers['Retry-After']);
}

async function answers(t: ExecutionContext, place: string) {
  const until = performance.now() + 20_000;
  let last = await invoke(t);
  // the handler backs off between attempts, as long as its Retry-After says
  while (last.payload.statusCode === 503 && performance.now() < until) last = await invoke(t);
  t.is(last.payload.statusCode, 200, `${last.payload.body}\n${last.log}`);
  t.true(JSON.parse(last.payload.body).koa.includes(place));
}

/** A valid layer of somebody else: one stored file, written by hand so that no builder of ours is involved. */
function otherLayer(): Buffer {
  const name = Buffer.from('nodejs/node_modules/other/index.js');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(20, 4);
  central.writeUInt16LE(20, 6);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length, 16);
  return Buffer.concat([local, name, central, name, end]);
}
