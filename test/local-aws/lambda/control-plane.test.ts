/** The control plane as the SDK sees it: layers, functions, versions, aliases, policies, settings. Nothing is invoked. */
import { createHash } from 'node:crypto';
import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionUrlConfigCommand,
  DeleteLayerVersionCommand,
  GetAccountSettingsCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionUrlConfigCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  GetPolicyCommand,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListFunctionUrlConfigsCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import test from 'ava';
import { type Bench, createFunction, openBench, role, untilReady, zipOf } from '../support.ts';

let bench: Bench;
test.before(async () => {
  bench = await openBench({ sandbox: 'process' });
});
test.after.always(async () => {
  await bench?.[Symbol.asyncDispose]();
});

const codeSha256 = (zip: Buffer): string => createHash('sha256').update(zip).digest('base64');

test('a layer version has a number of its own, the digest of its zip, and bytes that can be fetched', async t => {
  const zip = await zipOf({ 'nodejs/node_modules/a/index.js': '1' });
  const input = {
    LayerName: 'numbered',
    Description: 'first',
    CompatibleRuntimes: ['nodejs24.x' as const],
    LicenseInfo: 'MIT',
  };
  const first = await bench.lambda.send(
    new PublishLayerVersionCommand({ ...input, Content: { ZipFile: zip } }),
  );
  t.is(first.LayerVersionArn, 'arn:aws:lambda:us-east-1:000000000000:layer:numbered:1');
  t.is(first.Content?.CodeSha256, codeSha256(zip));
  t.is(first.Content?.CodeSize, zip.length);
  t.deepEqual(Buffer.from(await (await fetch(first.Content?.Location ?? '')).arrayBuffer()), zip);
  await bench.lambda.send(new PublishLayerVersionCommand({ ...input, Content: { ZipFile: zip } }));
  await bench.lambda.send(new DeleteLayerVersionCommand({ LayerName: 'numbered', VersionNumber: 2 }));
  const third = await bench.lambda.send(
    new PublishLayerVersionCommand({ ...input, Content: { ZipFile: zip } }),
  );
  t.is(third.Version, 3, 'a number is never given twice');

  const byArn = await bench.lambda.send(new GetLayerVersionByArnCommand({ Arn: first.LayerVersionArn }));
  t.is(byArn.Description, 'first');
  t.is(byArn.LicenseInfo, 'MIT');
  const page = await bench.lambda.send(new ListLayerVersionsCommand({ LayerName: 'numbered', MaxItems: 1 }));
  t.deepEqual(
    page.LayerVersions?.map(one => one.Version),
    [3],
    'newest first',
  );
  const rest = await bench.lambda.send(
    new ListLayerVersionsCommand({ LayerName: 'numbered', Marker: page.NextMarker }),
  );
  t.deepEqual(
    rest.LayerVersions?.map(one => one.Version),
    [1],
  );
  t.is(rest.NextMarker, undefined);
  const layers = await bench.lambda.send(new ListLayersCommand({ CompatibleRuntime: 'nodejs24.x' }));
  t.is(layers.Layers?.find(one => one.LayerName === 'numbered')?.LatestMatchingVersion?.Version, 3);
  await t.throwsAsync(
    bench.lambda.send(new GetLayerVersionCommand({ LayerName: 'numbered', VersionNumber: 2 })),
    {
      name: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
    },
  );
  t.deepEqual(
    (await bench.lambda.send(new ListLayerVersionsCommand({ LayerName: 'never-published' }))).LayerVersions,
    [],
  );
});

test('a link to code is refused when it is forged', async t => {
  const layer = await bench.lambda.send(
    new PublishLayerVersionCommand({ LayerName: 'linked', Content: { ZipFile: await zipOf({ a: 'b' }) } }),
  );
  const forged = (layer.Content?.Location ?? '').replace(/Expires=\d/, 'Expires=9');
  t.is((await fetch(forged)).status, 403);
});

test('a layer version may be shared, and a second statement of the same id is refused', async t => {
  const at = { LayerName: 'shared', VersionNumber: 1 };
  await bench.lambda.send(
    new PublishLayerVersionCommand({ LayerName: 'shared', Content: { ZipFile: await zipOf({ a: 'b' }) } }),
  );
  const statement = { ...at, StatementId: 'all', Action: 'lambda:GetLayerVersion', Principal: '*' };
  await bench.lambda.send(new AddLayerVersionPermissionCommand(statement));
  await t.throwsAsync(bench.lambda.send(new AddLayerVersionPermissionCommand(statement)), {
    name: 'ResourceConflictException',
  });
  const { Policy } = await bench.lambda.send(new GetLayerVersionPolicyCommand(at));
  t.is(
    JSON.parse(Policy ?? '').Statement[0].Resource,
    'arn:aws:lambda:us-east-1:000000000000:layer:shared:1',
  );
});

test('code comes from S3, in the version that is named', async t => {
  const s3 = new S3Client({
    endpoint: bench.aws.endpoint,
    region: 'us-east-1',
    credentials: bench.aws.credentials,
    forcePathStyle: true,
  });
  const at = { Bucket: 'code-bucket', Key: 'layers/a.zip' };
  await s3.send(new CreateBucketCommand({ Bucket: at.Bucket }));
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: at.Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const [one, two] = [await zipOf({ a: 'one' }), await zipOf({ a: 'two' })];
  const { VersionId } = await s3.send(new PutObjectCommand({ ...at, Body: one }));
  await s3.send(new PutObjectCommand({ ...at, Body: two }));
  const content = { S3Bucket: at.Bucket, S3Key: at.Key };
  const publish = (source: object): Promise<string | undefined> =>
    bench.lambda
      .send(new PublishLayerVersionCommand({ LayerName: 'from-s3', Content: { ...content, ...source } }))
      .then(answer => answer.Content?.CodeSha256);
  t.is(await publish({}), codeSha256(two));
  t.is(await publish({ S3ObjectVersion: VersionId }), codeSha256(one));
  await t.throwsAsync(publish({ S3Key: 'nothing' }), {
    name: 'InvalidParameterValueException',
    message: /^Error occurred while GetObject\. S3 Error Code: NoSuchKey\. S3 Error Message: /,
  });
  s3.destroy();
});

test('a new function is Pending and refuses changes until it is Active; RevisionId guards each change', async t => {
  // Long enough for the next request to come in between, however busy the machine is.
  await using own = await openBench({ sandbox: 'process', changeMs: 1000 });
  const create = new CreateFunctionCommand({
    FunctionName: 'states',
    Role: role,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { ZipFile: await zipOf({ 'index.mjs': '' }) },
    Tags: { team: 'one' },
  });
  const created = await own.lambda.send(create);
  t.is(created.State, 'Pending');
  await t.throwsAsync(own.lambda.send(create), {
    name: 'ResourceConflictException',
    message: 'Function already exist: states',
  });
  const change = (RevisionId?: string): UpdateFunctionConfigurationCommand =>
    new UpdateFunctionConfigurationCommand({
      FunctionName: 'states',
      Timeout: 9,
      MemorySize: 512,
      EphemeralStorage: { Size: 1024 },
      ...(RevisionId ? { RevisionId } : {}),
    });
  await t.throwsAsync(own.lambda.send(change()), {
    name: 'ResourceConflictException',
    message: /The function is currently in the following state: Pending$/,
  });
  await untilReady(own.lambda, 'states');
  // AWS renews it when the change has taken, and once more when a version is published.
  await t.throwsAsync(own.lambda.send(change(created.RevisionId)), { name: 'PreconditionFailedException' });
  const revision = async () =>
    (await own.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'states' }))).RevisionId;
  const settled = await revision();
  await own.lambda.send(new PublishVersionCommand({ FunctionName: 'states', RevisionId: settled }));
  await t.throwsAsync(own.lambda.send(change(settled)), { name: 'PreconditionFailedException' });
  const updated = await own.lambda.send(change(await revision()));
  t.is(updated.LastUpdateStatus, 'InProgress');
  t.is(updated.Timeout, 9);
  await t.throwsAsync(own.lambda.send(new PublishVersionCommand({ FunctionName: 'states' })), {
    name: 'ResourceConflictException',
    message:
      'The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:us-east-1:000000000000:function:states',
  });
  await untilReady(own.lambda, 'states');
  await t.throwsAsync(own.lambda.send(change(created.RevisionId)), { name: 'PreconditionFailedException' });
  const zip = await zipOf({ 'index.mjs': '1' });
  const dry = await own.lambda.send(
    new UpdateFunctionCodeCommand({ FunctionName: 'states', ZipFile: zip, DryRun: true }),
  );
  t.is(dry.CodeSha256, codeSha256(zip));
  const got = await own.lambda.send(new GetFunctionCommand({ FunctionName: created.FunctionArn ?? '' }));
  t.is(got.Configuration?.CodeSha256, created.CodeSha256, 'a dry run changes nothing');
  t.is(got.Configuration?.EphemeralStorage?.Size, 1024);
  t.deepEqual(got.Tags, { team: 'one' });
  t.is((await fetch(got.Code?.Location ?? '')).status, 200);
});

test('a version is made only when something changed, its number is never reused, and an alias protects it', async t => {
  await createFunction(bench.lambda, 'versions');
  const at = { FunctionName: 'versions' };
  const publish = async (): Promise<string | undefined> =>
    (await bench.lambda.send(new PublishVersionCommand(at))).Version;
  t.is(await publish(), '1');
  t.is(await publish(), '1');
  await bench.lambda.send(new UpdateFunctionConfigurationCommand({ ...at, Timeout: 5 }));
  await untilReady(bench.lambda, 'versions');
  t.is(await publish(), '2');
  await t.throwsAsync(bench.lambda.send(new PublishVersionCommand({ ...at, CodeSha256: 'other' })), {
    name: 'InvalidParameterValueException',
  });

  const alias = await bench.lambda.send(
    new CreateAliasCommand({ ...at, Name: 'live', FunctionVersion: '1' }),
  );
  t.is(alias.AliasArn, 'arn:aws:lambda:us-east-1:000000000000:function:versions:live');
  await t.throwsAsync(bench.lambda.send(new DeleteFunctionCommand({ ...at, Qualifier: '1' })), {
    name: 'ResourceConflictException',
    message: /\[live\]/,
  });
  const weighted = await bench.lambda.send(
    new UpdateAliasCommand({
      ...at,
      Name: 'live',
      RevisionId: alias.RevisionId,
      RoutingConfig: { AdditionalVersionWeights: { 2: 0.25 } },
    }),
  );
  t.deepEqual(weighted.RoutingConfig?.AdditionalVersionWeights, { 2: 0.25 });
  await t.throwsAsync(
    bench.lambda.send(
      new UpdateAliasCommand({ ...at, Name: 'live', FunctionVersion: '2', RevisionId: alias.RevisionId }),
    ),
    { name: 'PreconditionFailedException' },
  );
  await t.throwsAsync(
    bench.lambda.send(new UpdateAliasCommand({ ...at, Name: 'live', FunctionVersion: '9' })),
    { name: 'ResourceNotFoundException' },
  );
  t.is((await bench.lambda.send(new ListAliasesCommand({ ...at, FunctionVersion: '2' }))).Aliases?.length, 0);
  await bench.lambda.send(new DeleteAliasCommand({ ...at, Name: 'live' }));
  await t.throwsAsync(bench.lambda.send(new GetAliasCommand({ ...at, Name: 'live' })), {
    name: 'ResourceNotFoundException',
    message: /^Cannot find alias arn: /,
  });

  await bench.lambda.send(new DeleteFunctionCommand({ ...at, Qualifier: '2' }));
  const { Versions } = await bench.lambda.send(new ListVersionsByFunctionCommand(at));
  t.deepEqual(
    Versions?.map(one => one.Version),
    ['$LATEST', '1'],
  );
  t.regex(Versions?.[0]?.FunctionArn ?? '', /:versions:\$LATEST$/);
});

test('a function keeps a layer version that was deleted, and no other function can take it', async t => {
  const zip = await zipOf({ 'nodejs/a': 'kept' });
  const { LayerVersionArn: arn = '' } = await bench.lambda.send(
    new PublishLayerVersionCommand({ LayerName: 'gone', Content: { ZipFile: zip } }),
  );
  await createFunction(bench.lambda, 'keeper', { Layers: [arn] });
  await bench.lambda.send(new DeleteLayerVersionCommand({ LayerName: 'gone', VersionNumber: 1 }));
  const kept = await bench.lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: 'keeper', Layers: [arn], Timeout: 4 }),
  );
  t.deepEqual(
    kept.Layers?.map(one => one.Arn),
    [arn],
  );
  await t.throwsAsync(createFunction(bench.lambda, 'late', { Layers: [arn] }), {
    name: 'InvalidParameterValueException',
    message: `Layer version ${arn} does not exist.`,
  });
});

test('policies, function URLs, concurrency and tags are kept and given back', async t => {
  await createFunction(bench.lambda, 'settings');
  const at = { FunctionName: 'settings' };
  await bench.lambda.send(new PublishVersionCommand(at));
  await bench.lambda.send(new CreateAliasCommand({ ...at, Name: 'live', FunctionVersion: '1' }));

  const statement = {
    ...at,
    Qualifier: 'live',
    StatementId: 'url',
    Action: 'lambda:InvokeFunctionUrl',
    Principal: '*',
    FunctionUrlAuthType: 'NONE' as const,
  };
  await bench.lambda.send(new AddPermissionCommand(statement));
  await t.throwsAsync(bench.lambda.send(new AddPermissionCommand(statement)), {
    name: 'ResourceConflictException',
  });
  const { Policy } = await bench.lambda.send(new GetPolicyCommand({ ...at, Qualifier: 'live' }));
  t.deepEqual(JSON.parse(Policy ?? '').Statement, [
    {
      Sid: 'url',
      Effect: 'Allow',
      Principal: '*',
      Action: 'lambda:InvokeFunctionUrl',
      Resource: 'arn:aws:lambda:us-east-1:000000000000:function:settings:live',
      Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } },
    },
  ]);
  await bench.lambda.send(new RemovePermissionCommand({ ...at, Qualifier: 'live', StatementId: 'url' }));
  await t.throwsAsync(bench.lambda.send(new GetPolicyCommand({ ...at, Qualifier: 'live' })), {
    name: 'ResourceNotFoundException',
  });

  const url = await bench.lambda.send(
    new CreateFunctionUrlConfigCommand({ ...at, Qualifier: 'live', AuthType: 'NONE' }),
  );
  t.regex(url.FunctionUrl ?? '', /^http:\/\/127\.0\.0\.1:\d+\/$/);
  await t.throwsAsync(
    bench.lambda.send(new CreateFunctionUrlConfigCommand({ ...at, Qualifier: 'live', AuthType: 'NONE' })),
    { name: 'ResourceConflictException' },
  );
  await bench.lambda.send(
    new UpdateFunctionUrlConfigCommand({
      ...at,
      Qualifier: 'live',
      AuthType: 'AWS_IAM',
      InvokeMode: 'RESPONSE_STREAM',
    }),
  );
  const got = await bench.lambda.send(new GetFunctionUrlConfigCommand({ ...at, Qualifier: 'live' }));
  t.deepEqual(
    [got.FunctionUrl, got.AuthType, got.InvokeMode],
    [url.FunctionUrl, 'AWS_IAM', 'RESPONSE_STREAM'],
  );
  t.is((await bench.lambda.send(new ListFunctionUrlConfigsCommand(at))).FunctionUrlConfigs?.length, 1);
  await bench.lambda.send(new DeleteFunctionUrlConfigCommand({ ...at, Qualifier: 'live' }));
  await t.throwsAsync(fetch(url.FunctionUrl ?? ''), { message: 'fetch failed' });

  await bench.lambda.send(new PutFunctionConcurrencyCommand({ ...at, ReservedConcurrentExecutions: 2 }));
  t.is((await bench.lambda.send(new GetFunctionConcurrencyCommand(at))).ReservedConcurrentExecutions, 2);
  await bench.lambda.send(new DeleteFunctionConcurrencyCommand(at));
  t.is(
    (await bench.lambda.send(new GetFunctionConcurrencyCommand(at))).ReservedConcurrentExecutions,
    undefined,
  );

  const Resource = 'arn:aws:lambda:us-east-1:000000000000:function:settings';
  await bench.lambda.send(new TagResourceCommand({ Resource, Tags: { a: '1', b: '2' } }));
  await bench.lambda.send(new UntagResourceCommand({ Resource, TagKeys: ['a'] }));
  t.deepEqual((await bench.lambda.send(new ListTagsCommand({ Resource }))).Tags, { b: '2' });
  t.is(
    (await bench.lambda.send(new GetAccountSettingsCommand({}))).AccountLimit?.CodeSizeUnzipped,
    262_144_000,
  );
});

test('an alias may be called like what every object has', async t => {
  await createFunction(bench.lambda, 'constructor');
  const at = { FunctionName: 'constructor' };
  await bench.lambda.send(new PublishVersionCommand(at));
  for (const Name of ['constructor', '__proto__']) {
    await bench.lambda.send(new CreateAliasCommand({ ...at, Name, FunctionVersion: '1' }));
    await t.throwsAsync(bench.lambda.send(new GetFunctionUrlConfigCommand({ ...at, Qualifier: Name })), {
      name: 'ResourceNotFoundException',
    });
    await bench.lambda.send(new CreateFunctionUrlConfigCommand({ ...at, Qualifier: Name, AuthType: 'NONE' }));
    const statement = { StatementId: 'a', Action: 'lambda:InvokeFunction', Principal: '*' };
    await bench.lambda.send(new AddPermissionCommand({ ...at, Qualifier: Name, ...statement }));
  }
  const { FunctionUrlConfigs } = await bench.lambda.send(new ListFunctionUrlConfigsCommand(at));
  t.is(FunctionUrlConfigs?.length, 2);
});

test('a restart keeps functions, versions, layers and the port of a function URL; deletion is for good', async t => {
  await using own = await openBench({ sandbox: 'process' });
  const layer = await own.lambda.send(
    new PublishLayerVersionCommand({ LayerName: 'kept', Content: { ZipFile: await zipOf({ a: 'b' }) } }),
  );
  await createFunction(own.lambda, 'kept', { Layers: [layer.LayerVersionArn ?? ''], Description: 'before' });
  await createFunction(own.lambda, 'deleted');
  await own.lambda.send(new PublishVersionCommand({ FunctionName: 'kept' }));
  const url = await own.lambda.send(
    new CreateFunctionUrlConfigCommand({ FunctionName: 'kept', AuthType: 'NONE' }),
  );
  await own.lambda.send(new DeleteFunctionCommand({ FunctionName: 'deleted' }));
  await own.restart();
  const { Functions } = await own.lambda.send(new ListFunctionsCommand({}));
  t.deepEqual(
    Functions?.map(one => [one.FunctionName, one.Description, one.Layers?.length]),
    [['kept', 'before', 1]],
  );
  t.is((await own.lambda.send(new ListFunctionsCommand({ FunctionVersion: 'ALL' }))).Functions?.length, 2);
  t.is(
    (await own.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'kept', Qualifier: '1' })))
      .State,
    'Active',
  );
  t.is(
    (
      await own.lambda.send(
        new PublishLayerVersionCommand({ LayerName: 'kept', Content: { ZipFile: await zipOf({ a: 'c' }) } }),
      )
    ).Version,
    2,
  );
  t.is((await fetch(url.FunctionUrl ?? '')).status, 403, 'it listens again, and nobody was permitted');
});
