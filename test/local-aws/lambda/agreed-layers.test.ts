/** Layers as every implementation of Lambda has them: run against local-aws here, against moto by its judge. */
import { createHash } from 'node:crypto';
import {
  AddLayerVersionPermissionCommand,
  DeleteLayerVersionCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand,
} from '@aws-sdk/client-lambda';
import test from 'ava';
import { type Bench, openBench, zipOf } from '../support.ts';

let bench: Bench;
test.before(async () => {
  bench = await openBench({ sandbox: 'process' });
});
test.after.always(() => bench?.[Symbol.asyncDispose]());

const arnOf = (name: string) => `arn:aws:lambda:us-east-1:000000000000:layer:${name}`;

async function publish(name: string, text = 'one') {
  const ZipFile = await zipOf({ 'nodejs/a.txt': text });
  const made = await bench.lambda.send(
    new PublishLayerVersionCommand({
      LayerName: name,
      Description: text,
      Content: { ZipFile },
      CompatibleRuntimes: ['nodejs24.x'],
    }),
  );
  return { made, sha256: createHash('sha256').update(ZipFile).digest('base64'), size: ZipFile.length };
}

test('a layer version has the digest and size of its zip, and a number that goes up', async t => {
  const { made, sha256, size } = await publish('counted');
  t.like(made, { Version: 1, LayerArn: arnOf('counted'), LayerVersionArn: `${arnOf('counted')}:1` });
  t.like(made.Content, { CodeSha256: sha256, CodeSize: size });
  t.is((await publish('counted', 'two')).made.Version, 2);
});

test('a version is read by number and by ARN', async t => {
  const { sha256 } = await publish('read');
  const byNumber = await bench.lambda.send(
    new GetLayerVersionCommand({ LayerName: 'read', VersionNumber: 1 }),
  );
  const byArn = await bench.lambda.send(new GetLayerVersionByArnCommand({ Arn: `${arnOf('read')}:1` }));
  for (const found of [byNumber, byArn]) {
    t.like(found, { Version: 1, Description: 'one', CompatibleRuntimes: ['nodejs24.x'] });
    t.is(found.Content?.CodeSha256, sha256);
  }
});

test('versions are listed newest first, layers with their latest', async t => {
  await publish('listed');
  await publish('listed', 'two');
  const { LayerVersions = [] } = await bench.lambda.send(
    new ListLayerVersionsCommand({ LayerName: 'listed' }),
  );
  t.deepEqual(
    LayerVersions.map(({ Version }) => Version),
    [2, 1],
  );
  const { Layers = [] } = await bench.lambda.send(new ListLayersCommand({}));
  t.is(Layers.find(({ LayerName }) => LayerName === 'listed')?.LatestMatchingVersion?.Version, 2);
});

test('a deleted version is gone, and its number is not given again', async t => {
  await publish('deleted');
  await bench.lambda.send(new DeleteLayerVersionCommand({ LayerName: 'deleted', VersionNumber: 1 }));
  const read = new GetLayerVersionCommand({ LayerName: 'deleted', VersionNumber: 1 });
  await t.throwsAsync(bench.lambda.send(read), { name: 'ResourceNotFoundException' });
  t.is((await publish('deleted', 'two')).made.Version, 2);
});

test('a permission is a statement of the version’s policy', async t => {
  await publish('shared');
  const at = { LayerName: 'shared', VersionNumber: 1 };
  await bench.lambda.send(
    new AddLayerVersionPermissionCommand({
      ...at,
      StatementId: 'everyone',
      Action: 'lambda:GetLayerVersion',
      Principal: '*',
    }),
  );
  const { Policy = '' } = await bench.lambda.send(new GetLayerVersionPolicyCommand(at));
  t.like(JSON.parse(Policy).Statement[0], { Sid: 'everyone', Effect: 'Allow' });
});
