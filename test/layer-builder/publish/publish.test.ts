/** Publishing over the wire against local-aws: once, twice, many regions, bad input. */

import { once } from 'node:events';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import test from 'ava';
import { hexOf } from '../../../artifact/digest.ts';
import type { CodedError } from '../../../artifact/error.ts';
import type { PublishOptions } from '../../../layer-builder/publish/index.ts';
import { planProjectPublish, publishProject } from '../../../layer-builder/publish/index.ts';
import { runCli, runCommand } from '../cli/run.ts';
import { lockOf, makeProject } from './project.ts';
import type { World } from './world.ts';
import { account, isJudged, jsonOf, keysOf, layersOf, region, startWorld } from './world.ts';

let world: World;
test.before(async () => {
  world = await startWorld();
});
test.after.always(async () => {
  await world?.close();
});

/** A project, a bucket and a service of its own for each test. */
async function setUp(service: string, recipe: Parameters<typeof makeProject>[0] = {}) {
  const project = await makeProject({ ...recipe, service });
  const bucket = `bucket-${service}`;
  await world.makeBucket(bucket);
  return { project, bucket, layer: `${service}-core` };
}

test('the first publish makes object, layer version, release; the lock says where', async t => {
  const { project, bucket, layer } = await setUp('first');
  const report = await publishProject(project, { bucket }, world.env);
  const [artifact] = lockOf(project).artifacts;
  const hex = hexOf(artifact?.digest ?? 'sha256:');
  t.deepEqual(await keysOf(world, bucket), [`releases/${report.release}.json`, `sha256/${hex}.zip`]);
  t.deepEqual(await layersOf(world, layer), [
    { version: 1, description: `lb1 sha256:${hex} tree:${hexOf(artifact?.tree ?? 'sha256:')}` },
  ]);
  const head = await world.direct.s3.send(
    new HeadObjectCommand({ Bucket: bucket, Key: `sha256/${hex}.zip`, ChecksumMode: 'ENABLED' }),
  );
  // moto and Swift keep no checksums: publish then compares the bytes themselves.
  if (!isJudged) t.is(head.ChecksumSHA256, Buffer.from(hex, 'hex').toString('base64'));
  t.deepEqual(artifact?.published, {
    [region]: {
      bucket,
      versionId: head.VersionId ?? '',
      layerVersionArn: `arn:aws:lambda:${region}:${account}:layer:${layer}:1`,
    },
  });
  const record = await jsonOf(world, bucket, `releases/${report.release}.json`);
  t.is(record.id, report.release);
  t.deepEqual(record.lock.artifacts[0].published, artifact?.published);
  t.is(report.writes, 3);
  t.true(report.complete);
});

test('a second publish writes nothing and says so, also from a lock that has forgotten', async t => {
  const { project, bucket, layer } = await setUp('second');
  const first = await publishProject(project, { bucket, channel: 'dev' }, world.env);
  const again = await publishProject(project, { bucket, channel: 'dev' }, world.env);
  await makeProject({ service: 'second' }, project);
  const run = await runCli(
    ['publish', '--project', project, '--bucket', bucket, '--channel', 'dev'],
    world.env,
  );
  t.regex(run.stdout, /nothing to publish: core sha256:[0-9a-f]{12} already in us-east-1\n/);
  t.is(run.status, 0);
  t.is(again.writes, 0);
  t.is(again.release, first.release);
  t.is((await keysOf(world, bucket)).length, 3);
  t.is((await layersOf(world, layer)).length, 1);
  t.not(lockOf(project).artifacts[0]?.published[region], undefined);
});

test('other content is another object and another layer version; the first stay', async t => {
  const { project, bucket, layer } = await setUp('other');
  await publishProject(project, { bucket }, world.env);
  await makeProject({ service: 'other', artifacts: [{ content: 'two' }] }, project);
  const report = await publishProject(project, { bucket }, world.env);
  t.is(report.writes, 3);
  t.is((await layersOf(world, layer)).length, 2);
  t.is((await keysOf(world, bucket, 'sha256/')).length, 2);
  t.is((await keysOf(world, bucket, 'releases/')).length, 2);
});

test('several artifacts are published side by side under names of their own', async t => {
  const { project, bucket } = await setUp('several', {
    artifacts: [{ name: 'core' }, { name: 'docs', content: 'docs' }],
    config: { prefix: 'team/a' },
  });
  const report = await publishProject(
    project,
    { bucket, layerName: 'x-{artifact}-{architecture}' },
    world.env,
  );
  t.is(report.writes, 5);
  t.deepEqual(
    report.regions
      .flatMap(outcome => (outcome.complete ? outcome.artifacts : []))
      .map(({ layerVersionArn }) => layerVersionArn),
    ['core', 'docs'].map(name => `arn:aws:lambda:${region}:${account}:layer:x-${name}-x86_64:1`),
  );
  t.true((await keysOf(world, bucket)).every(key => key.startsWith('team/a/')));
});

test('a bucket without versioning gives no version id', async t => {
  const project = await makeProject({ service: 'plain' });
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  await world.direct.s3.send(new CreateBucketCommand({ Bucket: 'plain-bucket' }));
  await publishProject(project, { bucket: 'plain-bucket' }, world.env);
  t.deepEqual(Object.keys(lockOf(project).artifacts[0]?.published[region] ?? {}), [
    'bucket',
    'layerVersionArn',
  ]);
});

test('--dry-run prints the plan and writes nothing; a plan made after publishing only keeps', async t => {
  const { project, bucket } = await setUp('dry');
  const run = await runCli(
    ['publish', '--project', project, '--bucket', bucket, '--dry-run', '--json'],
    world.env,
  );
  const plan = JSON.parse(run.stdout);
  t.deepEqual(
    plan.regions[0].steps.map((step: { do: string }) => step.do),
    ['upload', 'publish-layer', 'record-release'],
  );
  t.deepEqual(await keysOf(world, bucket), []);
  t.deepEqual(readdirSync(path.join(project, '.layer-builder')), ['artifacts']);
  await publishProject(project, { bucket }, world.env);
  const after = await planProjectPublish(project, { bucket }, world.env);
  t.is(after.writes, 0);
});

test('a saved plan is applied; an aged one is refused before anything is written', async t => {
  const { project, bucket, layer } = await setUp('saved');
  const file = path.join(project, 'plan.json');
  const make = ['publish', '--project', project, '--bucket', bucket, '--channel', 'dev', '--plan-out', file];
  const apply = ['publish', '--project', project, '--from', file, '--json'];
  t.is((await runCommand(make, world.env)).status, 0);
  t.is((await runCommand(apply, world.env)).data.writes, 4);
  // Applied again it finds everything done.
  t.is((await runCommand(apply, world.env)).data.writes, 0);

  await makeProject({ service: 'saved', artifacts: [{ content: 'two' }] }, project);
  const aged = await runCommand(apply, world.env);
  t.is(aged.data.code, 'PLAN_AGED');
  t.is(aged.status, 1);
  t.is((await layersOf(world, layer)).length, 1);

  await publishProject(project, { bucket, channel: 'dev' }, world.env);
  await makeProject({ service: 'saved', artifacts: [{ content: 'three' }] }, project);
  t.is((await runCommand(make, world.env)).status, 0);
  const other = await makeProject({ service: 'saved', artifacts: [{ content: 'four' }] });
  await publishProject(other, { bucket, channel: 'dev' }, world.env);
  const moved = await runCommand(apply, world.env);
  t.is(moved.data.code, 'PLAN_AGED');
  t.regex(moved.data.message, /channel dev/);
});

test('a plan of another format version is refused', async t => {
  const { project } = await setUp('version');
  const file = path.join(project, 'plan.json');
  writeFileSync(file, JSON.stringify({ formatVersion: 2, kind: 'publish', goal: {}, regions: [] }));
  const run = await runCommand(['publish', '--project', project, '--from', file], world.env);
  t.is(run.data.code, 'PLAN_INVALID');
});

interface BadInput {
  readonly title: string;
  readonly code: string;
  readonly status: 1 | 2;
  readonly argv?: string[];
  readonly env?: Record<string, string>;
  readonly break?: (project: string) => void;
}

const keys = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };

const badInput: readonly BadInput[] = [
  { title: 'no bucket', code: 'BUCKET_REQUIRED', status: 2, argv: [] },
  { title: 'no region', code: 'REGION_REQUIRED', status: 2, env: { AWS_REGION: '' } },
  {
    title: 'a bucket that is not there',
    code: 'BUCKET_NOT_FOUND',
    status: 1,
    argv: ['--bucket', 'not-there'],
  },
  { title: 'a bucket with a scheme', code: 'USAGE', status: 2, argv: ['--bucket', 's3://bad'] },
  {
    title: 'a region that is none',
    code: 'USAGE',
    status: 2,
    argv: ['--bucket', 'bad-input', '--regions', 'moon'],
  },
  {
    title: 'a layer name that AWS refuses',
    code: 'USAGE',
    status: 2,
    argv: ['--bucket', 'bad-input', '--layer-name', 'a b'],
  },
  {
    title: 'a channel that is no name',
    code: 'USAGE',
    status: 2,
    argv: ['--bucket', 'bad-input', '--channel', '../x'],
  },
  {
    title: 'nobody to share with',
    code: 'USAGE',
    status: 2,
    argv: ['--bucket', 'bad-input', '--share', 'everyone'],
  },
  {
    title: 'a way to store that is none',
    code: 'USAGE',
    status: 2,
    argv: ['--bucket', 'bad-input', '--storage', 'tape'],
  },
  {
    title: 'wrong credentials',
    code: 'CREDENTIALS_REJECTED',
    status: 1,
    env: { AWS_SECRET_ACCESS_KEY: 'wrong-secret-key' },
  },
  { title: 'no credentials', code: 'CREDENTIALS_MISSING', status: 1, env: keys },
  {
    title: 'an endpoint that does not answer',
    code: 'ENDPOINT_UNREACHABLE',
    status: 1,
    env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
  },
  { title: 'an endpoint that is no address', code: 'USAGE', status: 2, env: { AWS_ENDPOINT_URL: 'ftp://x' } },
  {
    title: 'no build',
    code: 'BUILD_NOT_FOUND',
    status: 1,
    break: project => rmSync(path.join(project, 'deps.lock.json')),
  },
  {
    title: 'a lock without its zips',
    code: 'BUILD_NOT_FOUND',
    status: 1,
    break: project => rmSync(path.join(project, '.layer-builder'), { recursive: true }),
  },
  {
    title: 'a zip that is not the lock’s',
    code: 'BUILD_NOT_FOUND',
    status: 1,
    break: project => {
      const folder = path.join(project, '.layer-builder', 'artifacts');
      for (const name of readdirSync(folder)) writeFileSync(path.join(folder, name), 'other bytes');
    },
  },
  {
    title: 'a damaged lock',
    code: 'LOCK_INVALID',
    status: 1,
    break: project => writeFileSync(path.join(project, 'deps.lock.json'), '{"formatVersion":1'),
  },
  {
    title: 'no project',
    code: 'PROJECT_NOT_FOUND',
    status: 1,
    break: project => rmSync(path.join(project, 'package.json')),
  },
];

test('the bucket of the bad inputs exists', async t => {
  await world.makeBucket('bad-input');
  t.pass();
});

const judged =
  process.env['JUDGE_ENDPOINT'] === undefined
    ? badInput
    : badInput.filter(({ title }) => title !== 'wrong credentials');

for (const { title, code, status, argv = ['--bucket', 'bad-input'], env = {}, break: spoil } of judged) {
  test(`bad input: ${title} gives ${code} and writes nothing`, async t => {
    const project = await makeProject({ service: 'bad' });
    spoil?.(project);
    const words = ['publish', '--project', project, '--json', ...argv];
    // What the SDK reads from the process itself needs a process without it.
    const isOwn = code === 'REGION_REQUIRED' || code === 'CREDENTIALS_MISSING';
    const run = isOwn ? await cliError(words, env) : await runCommand(words, { ...world.env, ...env });
    t.is(run.data.code, code, run.data.message);
    t.is(run.status, status);
    t.true(typeof run.data.hint === 'string' || code === 'USAGE');
    t.false(JSON.stringify(run.data).includes('wrong-secret-key'));
    t.deepEqual(await keysOf(world, 'bad-input').catch(() => []), []);
    rmSync(project, { recursive: true });
  });
}

async function cliError(words: string[], env: Record<string, string>) {
  const { status, stdout } = await runCli(words, { ...world.env, ...env });
  return { status, data: JSON.parse(stdout).error };
}

test('D8 an object with other bytes under an immutable name stops everything', async t => {
  const { project, bucket, layer } = await setUp('collision');
  const key = lockOf(project).artifacts[0]?.s3.key ?? '';
  await world.direct.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'something else' }));
  const error = await t.throwsAsync<CodedError>(publishProject(project, { bucket }, world.env));
  t.is(error?.code, 'PUBLISH_IMMUTABLE_COLLISION');
  t.deepEqual(await layersOf(world, layer), []);
});

test('an object that another tool uploaded without a SHA-256 is compared byte for byte and kept', async t => {
  const { project, bucket } = await setUp('foreign');
  const { readArtifact } = await import('../../../layer-builder/read/built.ts');
  const [artifact] = lockOf(project).artifacts;
  if (artifact === undefined) return t.fail();
  const Body = readArtifact(project, artifact);
  await world.direct.s3.send(new PutObjectCommand({ Bucket: bucket, Key: artifact.s3.key, Body }));
  const report = await publishProject(project, { bucket }, world.env);
  t.is(report.writes, 2);
});

test('a layer version with the right description and other bytes is not taken', async t => {
  const { project, bucket, layer } = await setUp('impostor');
  const { PublishLayerVersionCommand } = await import('@aws-sdk/client-lambda');
  const { describeLayer } = await import('../../../layer-builder/aws/layers.ts');
  const { readArtifact } = await import('../../../layer-builder/read/built.ts');
  const [artifact] = lockOf(project).artifacts;
  const other = await makeProject({ service: 'impostor', artifacts: [{ content: 'malice' }] });
  const [evil] = lockOf(other).artifacts;
  if (artifact === undefined || evil === undefined) return t.fail();
  const ZipFile = readArtifact(other, evil);
  await world.direct.lambda.send(
    new PublishLayerVersionCommand({
      LayerName: layer,
      Description: describeLayer(artifact),
      Content: { ZipFile },
    }),
  );
  const report = await publishProject(project, { bucket }, world.env);
  t.is(report.writes, 3);
  t.regex(lockOf(project).artifacts[0]?.published[region]?.layerVersionArn ?? '', /:2$/);
});

test('sharing is carried on to each new version, after a kill too, until it is said otherwise', async t => {
  const { project, bucket } = await setUp('carried');
  const share = ['org:o-abcdefghij', 'account:123456789012'];
  const { GetLayerVersionPolicyCommand } = await import('@aws-sdk/client-lambda');
  const sharedWith = async (VersionNumber: number) => {
    const input = { LayerName: 'carried-core', VersionNumber };
    const answer = await world.direct.lambda
      .send(new GetLayerVersionPolicyCommand(input))
      .catch(() => undefined);
    return JSON.parse(answer?.Policy ?? '{"Statement":[]}').Statement.length;
  };
  const alone = await publishProject(project, { bucket }, world.env);
  const first = await publishProject(project, { bucket, share }, world.env);
  t.not(first.release, alone.release);
  t.is((await publishProject(project, { bucket }, world.env)).release, first.release);
  const next = async (content: string, options: PublishOptions = {}) => {
    await makeProject({ service: 'carried', artifacts: [{ content }] }, project);
    return await publishProject(project, { bucket, ...options }, world.env);
  };
  const death = new AbortController();
  await t.throwsAsync(
    next('two', {
      signal: death.signal,
      progress: line => void (line.includes('sharing') && death.abort('killed')),
    }),
    { any: true },
  );
  t.is(await sharedWith(2), 0);
  t.is((await next('two')).writes, 3);
  t.is(await sharedWith(2), 2);
  await next('three', { share: ['none'] });
  await next('four');
  t.deepEqual([await sharedWith(3), await sharedWith(4)], [0, 0]);
});

test('layers are shared with accounts, organisations and everyone, and read back', async t => {
  const { project, bucket } = await setUp('shared');
  const share = ['account:123456789012', 'org:o-abcdefghij', 'public'];
  const first = await publishProject(project, { bucket, share }, world.env);
  t.is(first.writes, 6);
  const second = await publishProject(project, { bucket, share }, world.env);
  t.is(second.writes, 0);
  const { GetLayerVersionPolicyCommand } = await import('@aws-sdk/client-lambda');
  const policy = await world.direct.lambda.send(
    new GetLayerVersionPolicyCommand({ LayerName: 'shared-core', VersionNumber: 1 }),
  );
  t.is(JSON.parse(policy.Policy ?? '').Statement.length, 3);
});

test('D11 more than 262,144,000 bytes unpacked, or more than five layers, is refused before any call', async t => {
  const { project, bucket } = await setUp('large', {
    artifacts: [
      { name: 'a', unpackedSize: 200_000_000 },
      { name: 'b', content: 'b', unpackedSize: 62_144_001 },
    ],
  });
  const large = await t.throwsAsync<CodedError>(publishProject(project, { bucket }, world.env));
  t.is(large?.code, 'LAYER_LIMIT');
  t.regex(large?.message ?? '', /262144000.*262144001/);
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  await makeProject({ service: 'large', artifacts: names.map(name => ({ name, content: name })) }, project);
  const many = await t.throwsAsync<CodedError>(publishProject(project, { bucket }, world.env));
  t.is(many?.code, 'LAYER_LIMIT');
  t.deepEqual(await keysOf(world, bucket), []);
});

test('an endpoint that takes connections and never answers is left within seconds', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const project = await makeProject({ service: 'silent' });
  const env = { ...world.env, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
  const started = performance.now();
  const error = await t.throwsAsync<CodedError>(publishProject(project, { bucket: 'silent' }, env));
  t.is(error?.code, 'ENDPOINT_UNREACHABLE');
  t.log(`left after ${Math.round(performance.now() - started)} ms`);
  server.close();
});

test('both architectures in one command: a lock each, one channel, each its own entry', async t => {
  const { project, bucket } = await setUp('arches');
  renameSync(path.join(project, 'deps.lock.json'), path.join(project, 'x64.lock.json'));
  await makeProject({ service: 'arches', architecture: 'arm64' }, project);
  const argv = ['publish', '--bucket', bucket, '--channel', 'dev', '--lock', 'x64.lock.json,deps.lock.json'];
  const run = await runCommand([...argv, '--project', project], world.env);
  t.is(run.status, 0);
  t.deepEqual(
    run.data.publishes.map((one: { architecture: string; writes: number }) => [one.architecture, one.writes]),
    [
      ['x86_64', 4],
      ['arm64', 4],
    ],
  );
  const { entries } = await jsonOf(world, bucket, 'channels/dev.json');
  t.deepEqual(Object.keys(entries), ['arches/x86_64', 'arches/arm64']);
  t.is((await layersOf(world, 'arches-core')).length, 2);
});
