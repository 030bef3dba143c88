/** Functions as every implementation of Lambda has them: run against local-aws here, against moto by its judge. */
import { createHash } from 'node:crypto';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import test from 'ava';
import { type Bench, createFunction, openBench, untilReady, zipOf } from '../support.ts';

let bench: Bench;
test.before(async () => {
  bench = await openBench({ sandbox: 'process' });
});
test.after.always(() => bench?.[Symbol.asyncDispose]());

const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

test('a function has the digest of its code and the settings it was given', async t => {
  const files = { 'index.mjs': 'export const handler = async () => 1;' };
  const zip = await zipOf(files);
  await createFunction(bench.lambda, 'made', {
    files,
    MemorySize: 512,
    Timeout: 30,
    Environment: { Variables: { STAGE: 'b' } },
  });
  const { Configuration } = await bench.lambda.send(new GetFunctionCommand({ FunctionName: 'made' }));
  t.like(Configuration, {
    FunctionArn: arnOf('made'),
    Version: '$LATEST',
    Handler: 'index.handler',
    MemorySize: 512,
    Timeout: 30,
    Environment: { Variables: { STAGE: 'b' } },
  });
  t.is(Configuration?.CodeSha256, createHash('sha256').update(zip).digest('base64'));
});

test('new code changes the digest, new settings do not', async t => {
  await createFunction(bench.lambda, 'updated');
  const name = { FunctionName: 'updated' };
  const before = await bench.lambda.send(new GetFunctionConfigurationCommand(name));
  await bench.lambda.send(new UpdateFunctionConfigurationCommand({ ...name, MemorySize: 1024 }));
  await untilReady(bench.lambda, 'updated');
  const set = await bench.lambda.send(new GetFunctionConfigurationCommand(name));
  t.deepEqual([set.MemorySize, set.CodeSha256], [1024, before.CodeSha256]);
  const ZipFile = await zipOf({ 'index.mjs': 'export const handler = async () => 2;' });
  await bench.lambda.send(new UpdateFunctionCodeCommand({ ...name, ZipFile }));
  await untilReady(bench.lambda, 'updated');
  const { CodeSha256 } = await bench.lambda.send(new GetFunctionConfigurationCommand(name));
  t.is(CodeSha256, createHash('sha256').update(ZipFile).digest('base64'));
});

test('versions are numbered; publishing what has not changed gives the version that is there', async t => {
  await createFunction(bench.lambda, 'versioned');
  const name = { FunctionName: 'versioned' };
  t.is((await bench.lambda.send(new PublishVersionCommand(name))).Version, '1');
  t.is((await bench.lambda.send(new PublishVersionCommand(name))).Version, '1');
  await bench.lambda.send(
    new UpdateFunctionCodeCommand({ ...name, ZipFile: await zipOf({ 'index.mjs': '// two' }) }),
  );
  await untilReady(bench.lambda, 'versioned');
  t.is((await bench.lambda.send(new PublishVersionCommand(name))).Version, '2');
  const { Versions = [] } = await bench.lambda.send(new ListVersionsByFunctionCommand(name));
  t.deepEqual(
    Versions.map(({ Version }) => Version),
    ['$LATEST', '1', '2'],
  );
});

test('an alias points to a version and gives another one a share', async t => {
  await createFunction(bench.lambda, 'aliased');
  const name = { FunctionName: 'aliased' };
  await bench.lambda.send(new PublishVersionCommand(name));
  const alias = { ...name, Name: 'live' };
  const made = await bench.lambda.send(new CreateAliasCommand({ ...alias, FunctionVersion: '1' }));
  t.like(made, { AliasArn: `${arnOf('aliased')}:live`, FunctionVersion: '1' });
  await bench.lambda.send(
    new UpdateFunctionCodeCommand({ ...name, ZipFile: await zipOf({ 'index.mjs': '// two' }) }),
  );
  await untilReady(bench.lambda, 'aliased');
  await bench.lambda.send(new PublishVersionCommand(name));
  const RoutingConfig = { AdditionalVersionWeights: { 2: 0.25 } };
  await bench.lambda.send(new UpdateAliasCommand({ ...alias, RoutingConfig }));
  const moved = await bench.lambda.send(new GetAliasCommand(alias));
  t.like(moved, { FunctionVersion: '1', RoutingConfig });
  t.not(moved.RevisionId, made.RevisionId);
});

test('tags are added, listed and taken away', async t => {
  await createFunction(bench.lambda, 'tagged', { Tags: { a: '1' } });
  const Resource = arnOf('tagged');
  await bench.lambda.send(new TagResourceCommand({ Resource, Tags: { b: '2' } }));
  await bench.lambda.send(new UntagResourceCommand({ Resource, TagKeys: ['a'] }));
  t.deepEqual((await bench.lambda.send(new ListTagsCommand({ Resource }))).Tags, { b: '2' });
});

test('a permission is a statement of the function’s policy', async t => {
  await createFunction(bench.lambda, 'allowed');
  await bench.lambda.send(
    new AddPermissionCommand({
      FunctionName: 'allowed',
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
    }),
  );
  const { Policy = '' } = await bench.lambda.send(new GetPolicyCommand({ FunctionName: 'allowed' }));
  t.like(JSON.parse(Policy).Statement[0], {
    Sid: 's3',
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Resource: arnOf('allowed'),
  });
});

test('a function URL has an address and the way it is signed', async t => {
  await createFunction(bench.lambda, 'addressed');
  const name = { FunctionName: 'addressed' };
  await bench.lambda.send(new CreateFunctionUrlConfigCommand({ ...name, AuthType: 'AWS_IAM' }));
  const found = await bench.lambda.send(new GetFunctionUrlConfigCommand(name));
  t.is(found.AuthType, 'AWS_IAM');
  t.true(URL.canParse(found.FunctionUrl ?? ''));
});

test('reserved concurrency is kept with the function', async t => {
  await createFunction(bench.lambda, 'reserved');
  const name = { FunctionName: 'reserved' };
  await bench.lambda.send(new PutFunctionConcurrencyCommand({ ...name, ReservedConcurrentExecutions: 3 }));
  const { Concurrency } = await bench.lambda.send(new GetFunctionCommand(name));
  t.is(Concurrency?.ReservedConcurrentExecutions, 3);
});

test('a deleted function is gone, and was there once only', async t => {
  await createFunction(bench.lambda, 'deleted');
  const name = { FunctionName: 'deleted' };
  await bench.lambda.send(new DeleteFunctionCommand(name));
  for (const command of [new GetFunctionCommand(name), new DeleteFunctionCommand(name)])
    await t.throwsAsync(bench.lambda.send(command as GetFunctionCommand), {
      name: 'ResourceNotFoundException',
    });
});
