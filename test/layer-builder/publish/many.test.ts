/** Accounts of a size: how many calls it takes, not how long. */
import test from 'ava';
import { describeLayer } from '../../../layer-builder/aws/layers.ts';
import { publishProject } from '../../../layer-builder/publish/index.ts';
import { runCommand } from '../cli/run.ts';
import { lockOf, makeProject } from './project.ts';
import type { World } from './world.ts';
import { region, startWorld } from './world.ts';

let world: World;
test.before(async () => {
  world = await startWorld();
});
test.afterEach.always(() => world.proxy.reset());
test.after.always(async () => {
  await world?.close();
});

test.serial(
  'status of 200 functions and 500 layer versions takes 4 pages and no list of versions',
  async t => {
    const bucket = 'bucket-many';
    await world.makeBucket(bucket);
    const project = await makeProject({ service: 'many', config: { bucket } });
    await publishProject(project, {}, world.env);
    const Arn = lockOf(project).artifacts[0]?.published[region]?.layerVersionArn;
    let page = 0;
    world.proxy.reset();
    world.proxy.script = ({ action }) => {
      if (action === 'lambda:GET functions') {
        const Functions = Array.from({ length: 50 }, (_, index) => ({
          ...{
            FunctionName: `f${page * 50 + index}`,
            Version: '$LATEST',
            Runtime: 'nodejs24.x',
            CodeSize: 1000,
          },
          Layers: [{ Arn }],
        }));
        const NextMarker = ++page < 4 ? String(page) : undefined;
        return { kind: 'answer', status: 200, code: '', body: { Functions, NextMarker } };
      }
      return undefined;
    };
    const { data } = await runCommand(['status', '--project', project], world.env);
    t.is(data.regions[0].functions.length, 200);
    t.true(data.regions[0].whole);
    const calls = world.proxy.calls.map(({ action }) => action);
    t.deepEqual(calls.filter(action => action.startsWith('lambda:')).sort(), [
      ...Array.from({ length: 4 }, () => 'lambda:GET functions'),
      'lambda:GetLayerVersion',
    ]);
    t.true(calls.length <= 8);
  },
);

test.serial('list of 500 layer versions takes one page of them and says that there are more', async t => {
  const bucket = 'bucket-list-many';
  await world.makeBucket(bucket);
  const project = await makeProject({ service: 'list-many', config: { bucket } });
  await publishProject(project, {}, world.env);
  const [artifact] = lockOf(project).artifacts;
  world.proxy.reset();
  world.proxy.script = ({ action }) => {
    if (action !== 'lambda:ListLayerVersions') return undefined;
    const LayerVersions = Array.from({ length: 50 }, (_, index) => ({
      ...{ LayerVersionArn: `arn:${500 - index}`, Version: 500 - index },
      Description: artifact && describeLayer(artifact),
    }));
    return { kind: 'answer', status: 200, code: '', body: { LayerVersions, NextMarker: '1' } };
  };
  const { data, text } = await runCommand(['list', '--project', project], world.env);
  t.is(data.layers[0].versions.length, 50);
  t.false(data.layers[0].whole);
  t.regex(text, /layer list-many-core: 500 [0-9a-f]{8}, 499 [0-9a-f]{8}, 498 [0-9a-f]{8}, …/);
  const lambda = world.proxy.calls.filter(({ action }) => action.startsWith('lambda:'));
  t.deepEqual(
    lambda.map(({ action }) => action),
    ['lambda:ListLayerVersions'],
  );
});

test.serial('reference storage is asked of Lambda by its own name, and needs a versioned bucket', async t => {
  await world.makeBucket('bucket-reference');
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  await world.direct.s3.send(new CreateBucketCommand({ Bucket: 'bucket-plain' }));
  const project = await makeProject({ service: 'reference' });
  const publish = (bucket: string) =>
    runCommand(['publish', '--bucket', bucket, '--storage', 'reference', '--project', project], world.env);
  t.is((await publish('bucket-plain')).data.code, 'PUBLISH_FAILED');
  world.proxy.script = ({ action }) =>
    action === 'lambda:PublishLayerVersion'
      ? { kind: 'answer', status: 400, code: 'InvalidParameterValueException' }
      : undefined;
  t.regex((await publish('bucket-reference')).data.hint, /without --storage reference the layer is copied/);
  world.proxy.reset();
  t.is((await publish('bucket-reference')).status, 0);
  const call = world.proxy.calls.find(({ action }) => action === 'lambda:PublishLayerVersion');
  const { Content } = JSON.parse(call?.body.toString() ?? '{}');
  t.is(Content.S3ObjectStorageMode, 'REFERENCE');
  t.is(typeof Content.S3ObjectVersion, 'string');
});
