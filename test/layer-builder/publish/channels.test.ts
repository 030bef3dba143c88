/** promote, rollback, list, gc: what moves and what goes, over the wire. */
import { readFileSync } from 'node:fs';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteLayerVersionCommand,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import test from 'ava';
import { hexOf } from '../../../artifact/digest.ts';
import { fileOf } from '../../../layer-builder/build/file.ts';
import { writeZip } from '../../../layer-builder/build/zip.ts';
import { publishProject } from '../../../layer-builder/publish/index.ts';
import { runCommand } from '../cli/run.ts';
import { lockOf, makeProject } from './project.ts';
import type { World } from './world.ts';
import { jsonOf, keysOf, layersOf, region, startWorld } from './world.ts';

let world: World;
test.before(async () => {
  world = await startWorld();
});
test.after.always(async () => {
  await world?.close();
});

/** A project that has published the contents one after the other; the ids of the releases. */
async function setUp(service: string, contents: readonly string[], channel?: string) {
  const bucket = `bucket-${service}`;
  await world.makeBucket(bucket);
  const project = await makeProject({ service, config: { bucket } });
  const releases: string[] = [];
  const locks = [];
  for (const content of contents) {
    await makeProject({ service, config: { bucket }, artifacts: [{ content }] }, project);
    const report = await publishProject(project, channel ? { channel } : {}, world.env);
    releases.push(report.release ?? '');
    locks.push(lockOf(project));
  }
  const run = (...argv: string[]) => runCommand([...argv, '--project', project], world.env);
  const pointsTo = async (name: string) =>
    (await jsonOf(world, bucket, `channels/${name}.json`)).entries[`${service}/x86_64`][0].release;
  return { project, bucket, releases, locks, run, pointsTo, layer: `${service}-core` };
}

test('promote moves a channel to a release, or to where another channel points', async t => {
  const { releases, run, pointsTo } = await setUp('promote', ['one', 'two'], 'dev');
  t.is((await run('promote', releases[0] ?? '', '--to', 'qa')).data.release, releases[0]);
  t.is(await pointsTo('qa'), releases[0]);
  await run('promote', 'dev', '--to', 'qa');
  t.is(await pointsTo('qa'), releases[1]);
  const again = await run('promote', 'dev', '--to', 'qa');
  t.regex(again.text, /already points to/);
  t.is(again.data.buckets[0].channel, 'kept');
});

test('rollback goes back one release at a time, --to goes to any', async t => {
  const { releases, run, pointsTo } = await setUp('rollback', ['one', 'two', 'three'], 'prod');
  await run('rollback', '--channel', 'prod');
  t.is(await pointsTo('prod'), releases[1]);
  await run('rollback', '--channel', 'prod');
  t.is(await pointsTo('prod'), releases[0]);
  t.is((await run('rollback', '--channel', 'prod')).data.code, 'CHANNEL_EMPTY');
  await run('rollback', '--channel', 'prod', '--to', releases[2] ?? '');
  t.is(await pointsTo('prod'), releases[2]);
});

test('D17 a rollback to a release whose layer version was deleted makes it again from the bytes in S3', async t => {
  const { bucket, releases, run, pointsTo, layer, locks } = await setUp('heal', ['one', 'two'], 'prod');
  await world.direct.lambda.send(new DeleteLayerVersionCommand({ LayerName: layer, VersionNumber: 1 }));
  const { data, text } = await run('rollback', '--channel', 'prod');
  t.is(data.asked, releases[0]);
  t.not(data.release, releases[0]);
  t.regex(text, /was gone, made again/);
  t.is(await pointsTo('prod'), data.release);
  const { lock } = await jsonOf(world, bucket, `releases/${data.release}.json`);
  t.is(lock.artifacts[0].digest, locks[0]?.artifacts[0]?.digest);
  t.regex(lock.artifacts[0].published[region].layerVersionArn, /:3$/);
});

test('a release whose object is gone is not pointed to', async t => {
  const { bucket, releases, run, pointsTo, locks } = await setUp('lost', ['one', 'two'], 'prod');
  const Key = locks[0]?.artifacts[0]?.s3.key ?? '';
  await world.direct.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  const { data, status } = await run('rollback', '--channel', 'prod');
  t.is(data.code, 'NOT_PUBLISHED');
  t.is(status, 1);
  t.is(await pointsTo('prod'), releases[1]);
});

test('a release that does not exist, a channel that points nowhere and names that are none are told apart', async t => {
  const { run } = await setUp('absent', ['one']);
  t.is((await run('promote', `absent-${'0'.repeat(16)}`, '--to', 'qa')).data.code, 'RELEASE_NOT_FOUND');
  t.is((await run('promote', 'dev', '--to', 'qa')).data.code, 'CHANNEL_EMPTY');
  t.is((await run('promote', '../../x', '--to', 'qa')).data.code, 'USAGE');
  t.is((await run('promote', 'dev')).status, 2);
  t.is((await run('rollback')).status, 2);
});

test('a release record that was changed is refused', async t => {
  const { bucket, releases, run } = await setUp('forged', ['one']);
  const key = `releases/${releases[0]}.json`;
  const record = await jsonOf(world, bucket, key);
  record.lock.artifacts[0].published[region].layerVersionArn =
    'arn:aws:lambda:us-east-1:666666666666:layer:evil:1';
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  await world.direct.s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: JSON.stringify(record) }),
  );
  t.is((await run('promote', releases[0] ?? '', '--to', 'prod')).data.code, 'RELEASE_INVALID');
});

test('list shows releases newest first with their channels', async t => {
  const { releases, run } = await setUp('list', ['one', 'two'], 'dev');
  const { data, text } = await run('list');
  t.deepEqual(
    data.releases.map(({ id }: { id: string }) => id),
    [...releases].reverse(),
  );
  t.deepEqual(
    data.releases.map(({ channels }: { channels: string[] }) => channels),
    [['dev'], []],
  );
  t.is(data.objects.length, 2);
  t.deepEqual(
    data.layers[0].versions.map(({ version }: { version: number }) => version),
    [2, 1],
  );
  t.regex(text, /channel dev: list\/x86_64 at list-.*\nlayer list-core: 2 [0-9a-f]{8}, 1 [0-9a-f]{8}$/s);
});

test('D16 gc shows, then deletes what nothing reaches; functions, channels and the newest releases hold theirs', async t => {
  const contents = ['function', 'published', 's3-mode', 'garbage', 'previous', 'channel', 'newest'];
  const { bucket, releases, locks, run, layer } = await setUp('gc', contents);
  await run('promote', releases[4] ?? '', '--to', 'prod');
  await run('promote', releases[5] ?? '', '--to', 'prod');
  const makeFunction = async (name: string, content: number, mode: 'layer' | 's3') => {
    const lock = locks[content];
    const ZipFile = await writeZip([
      fileOf('index.mjs', 'export const handler = () => {};'),
      fileOf('deps.lock.json', JSON.stringify(lock)),
    ]);
    await world.direct.lambda.send(
      new CreateFunctionCommand({
        ...{ FunctionName: name, Runtime: 'nodejs24.x', Handler: 'index.handler', Code: { ZipFile } },
        Role: 'arn:aws:iam::000000000000:role/test',
        Layers: mode === 'layer' ? [lock?.artifacts[0]?.published[region]?.layerVersionArn ?? ''] : [],
        Environment: { Variables: { DEPS_SOURCE: mode } },
      }),
    );
  };
  await makeFunction('gc-latest', 0, 'layer');
  await makeFunction('gc-s3', 2, 's3');
  await makeFunction('gc-published', 1, 'layer');
  await waitUntilFunctionActiveV2(
    { client: world.direct.lambda, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.1 },
    { FunctionName: 'gc-published' },
  );
  const { Version } = await world.direct.lambda.send(
    new PublishVersionCommand({ FunctionName: 'gc-published' }),
  );
  await world.direct.lambda.send(
    new CreateAliasCommand({ FunctionName: 'gc-published', Name: 'live', FunctionVersion: Version }),
  );
  await world.direct.lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: 'gc-published', Layers: [] }),
  );

  const before = await run('gc', '--keep', '1', '--grace-hours', '0');
  const garbage = locks[3]?.artifacts[0];
  const gone = [
    `s3://${bucket}/${garbage?.s3.key}`,
    garbage?.published[region]?.layerVersionArn,
    ...releases.slice(0, 4),
  ];
  const layerOfS3Mode = locks[2]?.artifacts[0]?.published[region]?.layerVersionArn;
  t.deepEqual(
    before.data.delete.map(({ name }: { name: string }) => name).sort(),
    [...gone, layerOfS3Mode].sort(),
  );
  t.is((await keysOf(world, bucket, 'sha256/')).length, 7);
  t.regex(before.text, /add --apply to delete/);
  t.regex(before.text, /keep +layer .*function gc-published:1 in us-east-1/);

  await run('gc', '--keep', '1', '--grace-hours', '0', '--apply');
  t.is((await keysOf(world, bucket, 'sha256/')).length, 6);
  t.is((await layersOf(world, layer)).length, 5);
  t.deepEqual((await run('gc', '--keep', '1', '--grace-hours', '0')).data.delete, []);
  t.is((await run('rollback', '--channel', 'prod')).data.release, releases[4]);
  t.false(
    (await keysOf(world, bucket, 'sha256/')).includes(`sha256/${hexOf(garbage?.digest ?? 'sha256:')}.zip`),
  );
});

test('gc lets what is young alone: a publish may be under way', async t => {
  const { run } = await setUp('young', ['one', 'two', 'three']);
  const { data } = await run('gc', '--keep', '0');
  t.deepEqual(data.delete, []);
});

test('gc keeps a layer that is shared: functions of other accounts may use it', async t => {
  const { run, releases } = await setUp('gc-shared', ['one', 'two']);
  const { AddLayerVersionPermissionCommand } = await import('@aws-sdk/client-lambda');
  await world.direct.lambda.send(
    new AddLayerVersionPermissionCommand({
      ...{ LayerName: 'gc-shared-core', VersionNumber: 1, StatementId: 'by-hand' },
      ...{ Action: 'lambda:GetLayerVersion', Principal: '123456789012' },
    }),
  );
  const { data } = await run('gc', '--keep', '1', '--grace-hours', '0');
  t.deepEqual(
    data.delete.map(({ name }: { name: string }) => name),
    [releases[0]],
  );
});

test('the lock on disk is what the handler reads', async t => {
  const { project } = await setUp('disk', ['one']);
  const lock = JSON.parse(readFileSync(`${project}/deps.lock.json`, 'utf8'));
  t.is(lock.formatVersion, 1);
  t.deepEqual(Object.keys(lock.artifacts[0].published), [region]);
});
