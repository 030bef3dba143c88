/** FAULTS.md section D, the publisher, over the wire: the proxy spoils calls, local-aws keeps the real rules. */
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GetLayerVersionPolicyCommand } from '@aws-sdk/client-lambda';
import test from 'ava';
import { hexOf } from '../../../artifact/digest.ts';
import type { CodedError } from '../../../artifact/error.ts';
import { describeLayer } from '../../../layer-builder/aws/layers.ts';
import { makePace } from '../../../layer-builder/aws/pace.ts';
import type { PublishOptions } from '../../../layer-builder/publish/index.ts';
import { publishProject } from '../../../layer-builder/publish/index.ts';
import { startCli } from '../cli/run.ts';
import { lockOf, makeProject } from './project.ts';
import type { Fault, ProxiedCall } from './proxy.ts';
import type { World } from './world.ts';
import { jsonOf, keysOf, layersOf, region, startWorld } from './world.ts';

let world: World;
test.before(async () => {
  world = await startWorld();
});
test.after.always(async () => {
  await world?.close();
});
test.afterEach.always(() => world?.proxy.reset());

const share = ['account:123456789012'];

async function setUp(service: string, recipe: Parameters<typeof makeProject>[0] = {}) {
  const project = await makeProject({ ...recipe, service });
  const bucket = `bucket-${service}`;
  await world.makeBucket(bucket);
  const publish = (more: PublishOptions = {}) =>
    publishProject(project, { bucket, share, channel: 'dev', ...more }, world.env);
  return { project, bucket, layer: `${service}-core`, publish };
}

/** The world that a publish leaves, without what differs from service to service. */
async function summary(bucket: string, service: string) {
  const objects = await keysOf(world, bucket, 'sha256/');
  const written = await keysOf(world, bucket, 'releases/');
  const releases = written.filter(key => key.endsWith('.json'));
  const layers = await layersOf(world, `${service}-core`);
  const dangling: string[] = [];
  for (const key of releases) {
    const { lock, code } = await jsonOf(world, bucket, key);
    if (code && !written.includes(key.replace('.json', '.zip'))) dangling.push(code.digest);
    for (const { digest, published } of lock.artifacts) {
      if (!objects.includes(`sha256/${hexOf(digest)}.zip`)) dangling.push(digest);
      const arn: string = published[region].layerVersionArn;
      if (!layers.some(({ version }) => arn.endsWith(`:${version}`))) dangling.push(arn);
    }
  }
  const channels = await keysOf(world, bucket, 'channels/');
  const moves =
    channels.length === 0
      ? []
      : Object.values((await jsonOf(world, bucket, 'channels/dev.json')).entries).flat();
  for (const { release } of moves as { release: string }[]) {
    if (!releases.includes(`releases/${release}.json`)) dangling.push(release);
  }
  const shared = await Promise.all(layers.map(({ version }) => statements(`${service}-core`, version)));
  return {
    ...{ objects: objects.length, releases: releases.length, moves: moves.length, dangling },
    codes: written.length - releases.length,
    layers: layers.map(({ version }, index) => ({ version, statements: shared[index] })),
  };
}

async function statements(layer: string, version: number): Promise<number> {
  const input = { LayerName: layer, VersionNumber: version };
  try {
    const answer = await world.direct.lambda.send(new GetLayerVersionPolicyCommand(input));
    return JSON.parse(answer.Policy ?? '{}').Statement.length;
  } catch {
    return 0;
  }
}

const whole = {
  objects: 1,
  codes: 0,
  releases: 1,
  moves: 1,
  dangling: [],
  layers: [{ version: 1, statements: 1 }],
};

/** Applies a fault to the n-th call of one action. */
function at(action: string, fault: Fault, ...which: number[]) {
  let seen = 0;
  world.proxy.script = call => (call.action === action && which.includes(seen++) ? fault : undefined);
}

function count(action: string): number {
  return world.proxy.calls.filter(call => call.action === action).length;
}

test.serial('D1 crash after any API call: a rerun ends in the world of one clean run', async t => {
  const app = "import { content } from 'dep';\nexport const handler = () => content;\n";
  const withCode = { ...whole, codes: 1 };
  const { publish, bucket } = await setUp('d1-clean', { app });
  await publish();
  const calls = world.proxy.calls.map(({ action }) => action);
  t.deepEqual(await summary(bucket, 'd1-clean'), withCode);
  // Killed before a call is killed after the one before it, so only the first has two points.
  for (const k of [-1, ...calls.keys()]) {
    const service = `d1-after-${k + 1}`;
    const point = `killed after call ${k} ${calls[k] ?? ''}`;
    const run = await setUp(service, { app });
    const death = new AbortController();
    const kill = () => death.abort('killed');
    world.proxy.reset();
    world.proxy.script = (_, index) => {
      if (index < k) return undefined;
      if (index === k) return { kind: 'drop-reply', afterwards: kill };
      kill();
      return { kind: 'drop-request' };
    };
    await t.throwsAsync(run.publish({ signal: death.signal }), { any: true }, point);
    await world.proxy.quiet();
    world.proxy.reset();
    t.deepEqual((await summary(run.bucket, service)).dangling, [], point);
    await run.publish();
    t.deepEqual(await summary(run.bucket, service), withCode, point);
  }
  t.log(`${calls.length + 1} of ${calls.length + 1} kill points`);
});

test.serial(
  'D2 S3 done, layer failed: no release, no channel; the rerun publishes only the layer',
  async t => {
    const { publish, bucket } = await setUp('d2');
    at(
      'lambda:PublishLayerVersion',
      { kind: 'answer', status: 400, code: 'InvalidParameterValueException' },
      0,
    );
    const error = await t.throwsAsync<CodedError>(publish());
    t.is(error?.code, 'PUBLISH_FAILED');
    t.deepEqual(
      (await keysOf(world, bucket)).map(key => key.split('/')[0]),
      ['sha256'],
    );
    world.proxy.reset();
    await publish();
    t.deepEqual(await summary(bucket, 'd2'), whole);
    t.is(count('lambda:PublishLayerVersion'), 1);
    t.false(world.proxy.calls.some(call => call.action === 's3:PutObject' && call.path.includes('/sha256/')));
  },
);

test.serial(
  'D3 layer published, permission failed: the rerun finds the version by digest and adds the permission only',
  async t => {
    const { publish, bucket } = await setUp('d3');
    at('lambda:AddLayerVersionPermission', { kind: 'answer', status: 403, code: 'AccessDeniedException' }, 0);
    const error = await t.throwsAsync<CodedError>(publish());
    t.is(error?.code, 'ACCESS_DENIED');
    t.regex(error?.message ?? '', /lambda:AddLayerVersionPermission/);
    world.proxy.reset();
    await publish();
    t.deepEqual(await summary(bucket, 'd3'), whole);
    t.is(count('lambda:PublishLayerVersion'), 0);
    t.is(count('lambda:AddLayerVersionPermission'), 1);
  },
);

test.serial(
  'D4 response lost after PublishLayerVersion: looked up by digest before a retry, no duplicate',
  async t => {
    const { publish, bucket } = await setUp('d4');
    at('lambda:PublishLayerVersion', { kind: 'drop-reply' }, 0);
    await publish();
    t.deepEqual(await summary(bucket, 'd4'), whole);
    t.is(count('lambda:PublishLayerVersion'), 1);
  },
);

test.serial('D4 request lost before PublishLayerVersion: made once', async t => {
  const { publish, bucket } = await setUp('d4-lost');
  at('lambda:PublishLayerVersion', { kind: 'drop-request' }, 0);
  await publish();
  t.deepEqual(await summary(bucket, 'd4-lost'), whole);
  t.is(count('lambda:PublishLayerVersion'), 2);
});

test.serial(
  'D5 two publishers, same content: both succeed, one object, the lowest version wins for both',
  async t => {
    const first = await setUp('d5');
    const second = await makeProject({ service: 'd5' });
    // Neither makes its layer before both have found that there is none.
    const bothHere = Promise.withResolvers<void>();
    let arrived = 0;
    world.proxy.script = call => {
      if (call.action !== 'lambda:PublishLayerVersion') return undefined;
      if (++arrived === 2) bothHere.resolve();
      return { kind: 'meanwhile', work: () => bothHere.promise };
    };
    const options = { bucket: first.bucket, share, channel: 'dev' };
    const reports = await Promise.all([first.publish(), publishProject(second, options, world.env)]);
    t.is(reports[0].release, reports[1].release);
    const arns = [first.project, second].map(
      project => lockOf(project).artifacts[0]?.published[region]?.layerVersionArn,
    );
    t.regex(arns[0] ?? '', /:1$/);
    t.is(arns[0], arns[1]);
    const { objects, releases, moves, dangling } = await summary(first.bucket, 'd5');
    t.deepEqual({ objects, releases, moves, dangling }, { objects: 1, releases: 1, moves: 1, dangling: [] });
  },
);

test.serial(
  'D6 two publishers, different content, one channel: one wins, the other gets PUBLISH_CHANNEL_CONFLICT',
  async t => {
    const slow = await setUp('d6');
    await slow.publish();
    await makeProject({ service: 'd6', artifacts: [{ content: 'slow' }] }, slow.project);
    const fast = await makeProject({ service: 'd6', artifacts: [{ content: 'fast' }] });
    const options = { bucket: slow.bucket, share, channel: 'dev' };
    let winner: string | undefined;
    let isFirst = true;
    world.proxy.script = call => {
      if (call.action !== 'lambda:PublishLayerVersion' || !isFirst) return undefined;
      isFirst = false;
      return {
        kind: 'meanwhile',
        work: async () => {
          winner = (await publishProject(fast, options, world.env)).release;
        },
      };
    };
    const error = await t.throwsAsync<CodedError>(slow.publish());
    t.is(error?.code, 'PUBLISH_CHANNEL_CONFLICT');
    t.regex(error?.hint ?? '', /promote svc-|promote d6-/);
    const channel = await jsonOf(world, slow.bucket, 'channels/dev.json');
    t.is(channel.entries['d6/x86_64'][0].release, winner);
    world.proxy.reset();
    // Planned anew, it knows what it replaces.
    t.true((await slow.publish()).complete);
  },
);

test.serial(
  'D6 another service that moves the same channel meanwhile is no conflict, and is not lost',
  async t => {
    const { publish, bucket } = await setUp('d6-a');
    const other = await makeProject({ service: 'd6-b' });
    let isFirst = true;
    world.proxy.script = call => {
      if (!(call.action === 's3:PutObject' && call.path.includes('/channels/')) || !isFirst) return undefined;
      isFirst = false;
      return {
        kind: 'meanwhile',
        work: async () => void (await publishProject(other, { bucket, channel: 'dev' }, world.env)),
      };
    };
    await publish();
    const { entries } = await jsonOf(world, bucket, 'channels/dev.json');
    t.deepEqual(Object.keys(entries).sort(), ['d6-a/x86_64', 'd6-b/x86_64']);
  },
);

test.serial('D7 409 ConditionalRequestConflict is retried', async t => {
  const { publish, bucket } = await setUp('d7');
  at('s3:PutObject', { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' }, 0, 1);
  await publish();
  t.deepEqual(await summary(bucket, 'd7'), whole);
});

test.serial('D8 412 while uploading and other bytes there: a hard stop', async t => {
  const { publish, bucket, project, layer } = await setUp('d8');
  const key = lockOf(project).artifacts[0]?.s3.key ?? '';
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  at(
    's3:PutObject',
    {
      kind: 'meanwhile',
      work: async () =>
        void (await world.direct.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'evil' }))),
    },
    0,
  );
  const error = await t.throwsAsync<CodedError>(publish());
  t.is(error?.code, 'PUBLISH_IMMUTABLE_COLLISION');
  t.deepEqual(await layersOf(world, layer), []);
});

test.serial('D9 BadDigest is retried from the same bytes', async t => {
  const { publish, bucket } = await setUp('d9');
  at('s3:PutObject', { kind: 'answer', status: 400, code: 'BadDigest' }, 0);
  await publish();
  t.deepEqual(await summary(bucket, 'd9'), whole);
});

test.serial('D9 a zip that changes on disk before it is uploaded stops the publish', async t => {
  const { publish, bucket, project } = await setUp('d9-changed');
  const folder = path.join(project, '.layer-builder', 'artifacts');
  const work = async () => {
    for (const name of readdirSync(folder)) writeFileSync(path.join(folder, name), 'changed');
  };
  at('s3:HeadObject', { kind: 'meanwhile', work }, 0);
  const error = await t.throwsAsync<CodedError>(publish());
  t.is(error?.code, 'BUILD_NOT_FOUND');
  t.deepEqual(await keysOf(world, bucket), []);
});

test.serial('D10 an upload is one PUT, never a multipart one: interrupted, it leaves nothing', async t => {
  const { publish, bucket } = await setUp('d10');
  at('s3:PutObject', { kind: 'drop-request' }, 0, 1, 2, 3, 4, 5, 6);
  const error = await t.throwsAsync<CodedError>(publish());
  t.is(error?.code, 'ENDPOINT_UNREACHABLE');
  t.deepEqual(await keysOf(world, bucket), []);
  t.false(world.proxy.calls.some(call => call.method === 'POST' && call.path.startsWith(`/${bucket}`)));
});

test('D12 at most 10 calls in any one second, by a clock of our own', async t => {
  let now = 0;
  const times: number[] = [];
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const pace = makePace(10, clock);
  for (let call = 0; call < 100; call++) {
    await pace();
    times.push(now);
  }
  for (const [index, time] of times.entries()) {
    const eleventh = times[index + 10];
    if (eleventh !== undefined) t.true(eleventh - time >= 1000);
  }
  t.is(times.at(-1), 9000);
});

test.serial('D12 TooManyRequestsException is waited out', async t => {
  const { publish, bucket } = await setUp('d12');
  const headers = { 'retry-after': '0' };
  at(
    'lambda:PublishLayerVersion',
    { kind: 'answer', status: 429, code: 'TooManyRequestsException', headers },
    0,
    1,
    2,
  );
  await publish();
  t.deepEqual(await summary(bucket, 'd12'), whole);
});

test.serial('D13 the list of 500 versions is left as soon as the digest is found', async t => {
  const { publish, project } = await setUp('d13');
  const [artifact] = lockOf(project).artifacts;
  if (artifact === undefined) return t.fail();
  const arn = (version: number) => `arn:aws:lambda:${region}:000000000000:layer:d13-core:${version}`;
  let page = 0;
  world.proxy.script = call => {
    if (call.action === 'lambda:ListLayerVersions') {
      const first = 500 - 50 * page++;
      const LayerVersions = Array.from({ length: 50 }, (_, index) => ({
        LayerVersionArn: arn(first - index),
        Version: first - index,
        Description: first - index === 387 ? describeLayer(artifact) : 'lb1 sha256:other tree:other',
      }));
      return { kind: 'answer', status: 200, code: '', body: { LayerVersions, NextMarker: String(page) } };
    }
    if (call.action === 'lambda:GetLayerVersion') {
      const CodeSha256 = Buffer.from(hexOf(artifact.digest), 'hex').toString('base64');
      return {
        kind: 'answer',
        status: 200,
        code: '',
        body: { LayerVersionArn: arn(387), Version: 387, Content: { CodeSha256 } },
      };
    }
    return undefined;
  };
  await publish({ share: [] });
  t.is(count('lambda:ListLayerVersions'), 3);
  t.is(count('lambda:PublishLayerVersion'), 0);
  t.is(lockOf(project).artifacts[0]?.published[region]?.layerVersionArn, arn(387));
});

test.serial('D18 CodeStorageExceededException is said plainly and nothing is half changed', async t => {
  const { publish, bucket, project } = await setUp('d18');
  at('lambda:PublishLayerVersion', { kind: 'answer', status: 400, code: 'CodeStorageExceededException' }, 0);
  const error = await t.throwsAsync<CodedError>(publish());
  t.is(error?.code, 'STORAGE_EXCEEDED');
  t.regex(error?.hint ?? '', /layer-builder gc/);
  t.deepEqual(lockOf(project).artifacts[0]?.published, {});
  t.deepEqual(await keysOf(world, bucket, 'releases/'), []);
});

test.serial(
  'D20 SIGKILL at each write of a real process: the rerun ends in the world of one clean run',
  async t => {
    const isWrite = ({ action }: ProxiedCall) => /Put|Publish|Add/.test(action);
    for (const k of [0, 1, 2, 3, 4]) {
      const service = `d20-${k}`;
      const { publish, bucket, project } = await setUp(service);
      world.proxy.reset();
      const argv = [
        'publish',
        '--project',
        project,
        '--bucket',
        bucket,
        '--channel',
        'dev',
        '--share',
        ...share,
      ];
      const child = startCli(argv, world.env);
      let writes = 0;
      world.proxy.script = call => {
        if (!isWrite(call) || writes++ !== k) return undefined;
        return { kind: 'meanwhile', work: async () => void child.kill('SIGKILL') };
      };
      const [, signal] = await once(child, 'close');
      t.is(signal, 'SIGKILL');
      // what was sent before the kill is still being done, and Lambda has no token to tell it from a second one
      await world.proxy.quiet();
      world.proxy.reset();
      t.true(existsSync(path.join(project, '.layer-builder', 'publish.json')));
      t.is(readdirSync(project).filter(name => name.endsWith('.tmp')).length, 0);
      await publish();
      t.deepEqual(await summary(bucket, service), whole);
      t.false(existsSync(path.join(project, '.layer-builder', 'publish.json')));
    }
  },
);

test.serial('D20 Ctrl-C stops before the next call with status 130; --resume needs no options', async t => {
  const { bucket, project } = await setUp('d20-int');
  const child = startCli(
    ['publish', '--project', project, '--bucket', bucket, '--channel', 'dev', '--share', ...share],
    world.env,
  );
  at(
    's3:PutObject',
    {
      kind: 'meanwhile',
      work: async () => {
        child.kill('SIGINT');
        await once(child, 'close');
      },
    },
    0,
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text;
  });
  const [status] = await once(child, 'close');
  t.is(status, 130);
  t.regex(said, /^error INTERRUPTED: stopped by SIGINT\nhint: run the same command again/m);
  t.is(count('lambda:PublishLayerVersion'), 0);
  world.proxy.reset();
  const resumed = startCli(['publish', '--project', project, '--resume'], world.env);
  t.deepEqual(await once(resumed, 'close'), [0, null]);
  t.deepEqual(await summary(bucket, 'd20-int'), whole);
});
