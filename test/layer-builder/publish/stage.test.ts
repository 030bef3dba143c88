/** Releases with code: what promote and rollback move, over the wire, with functions that really run. */
import { DeleteLayerVersionCommand, GetAliasCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import test from 'ava';
import { digestOf } from '../../../artifact/digest.ts';
import type { CodedError } from '../../../artifact/error.ts';
import { contentOf, defaultLimits, readArchive } from '../../../handler/zip/read.ts';
import type { PublishOptions } from '../../../layer-builder/publish/index.ts';
import { publishProject } from '../../../layer-builder/publish/index.ts';
import { pointChannel } from '../../../layer-builder/publish/point.ts';
import { runCommand } from '../cli/run.ts';
import { lockOf, makeProject } from './project.ts';
import type { ProxiedCall } from './proxy.ts';
import type { World } from './world.ts';
import { jsonOf, keysOf, region, startWorld } from './world.ts';

let world: World;
test.before(async () => {
  world = await startWorld();
});
test.after.always(async () => {
  await world?.close();
});
test.afterEach.always(() => world?.proxy.reset());

/** An answer with the version of the code and the content of the dependency. */
const app = (code: string) => `import { content } from 'dep';
export const handler = async () => ({ statusCode: 200, body: '${code} with ' + content });
`;
const broken = "throw new Error('does not start');\nexport const handler = async () => {};\n";

async function setUp(service: string) {
  const bucket = `bucket-${service}`;
  await world.makeBucket(bucket);
  const config = { bucket };
  const project = await makeProject({ service, config, app: app('code one') });
  const run = (...argv: string[]) => runCommand([...argv, '--project', project], world.env);
  const release = async (code: string, content: string, options: PublishOptions = { channel: 'dev' }) => {
    await makeProject({ service, config, app: code, artifacts: [{ content }] }, project);
    return await publishProject(project, options, world.env);
  };
  const record = (id = '') => jsonOf(world, bucket, `releases/${id}.json`);
  const pointsTo = async (channel: string) =>
    (await jsonOf(world, bucket, `channels/${channel}.json`)).entries[`${service}/x86_64`]?.[0]?.release;
  const FunctionName = `${service}__prod`;
  const answer = async () => {
    const { Payload } = await world.direct.lambda.send(
      new InvokeCommand({ FunctionName, Qualifier: 'live' }),
    );
    return JSON.parse(Payload?.transformToString() ?? '{}').body;
  };
  const live = async () =>
    (await world.direct.lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }))).FunctionVersion;
  return { project, bucket, run, release, record, pointsTo, answer, live };
}

async function codeIn(bucket: string, release = '') {
  const Key = `releases/${release}.zip`;
  const { Body } = await world.direct.s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  const zip = Buffer.from((await Body?.transformToByteArray()) ?? []);
  const entry = readArchive(zip, defaultLimits).find(({ path }) => path === 'deps.lock.json');
  return { lock: entry && JSON.parse(contentOf(zip, entry).toString()), key: Key, zip };
}

test.serial(
  'a release holds the function package with its own lock in it; a second publish writes nothing',
  async t => {
    const { bucket, release, record } = await setUp('code');
    const first = await release(app('one'), 'one');
    t.is(first.writes, 5);
    const { code, lock } = await record(first.release);
    const packed = await codeIn(bucket, first.release);
    t.deepEqual(packed.lock, lock);
    t.is(digestOf(packed.zip), code.digest);
    t.is((await release(app('one'), 'one')).writes, 0);
    // Other code with the same dependencies: neither object nor layer of theirs.
    const other = await release(app('two'), 'one');
    t.is(other.writes, 3);
    t.deepEqual(
      other.buckets.map(({ code, release, channel }) => [code, release, channel]),
      [['uploaded', 'recorded', 'moved']],
    );
    t.is((await release(app('two'), 'one', { code: false })).code, undefined);
  },
);

/** What an unchanged publish asks, whatever it finds. */
const unchanged = ['lambda:GetLayerVersion', 's3:HeadObject', 's3:ListBucket'];

test.serial(
  'an unchanged publish asks three times: layer version, object, and one list for record and code',
  async t => {
    const { bucket, project, release, record } = await setUp('asks');
    const first = await release(app('one'), 'one', {});
    const again = async (options: PublishOptions = {}) => {
      world.proxy.reset();
      const { writes, release: id } = await publishProject(project, options, world.env);
      return { id, writes, calls: world.proxy.calls.map(({ action }) => action).sort() };
    };
    t.deepEqual(await again(), { id: first.release, writes: 0, calls: unchanged });
    await publishProject(project, { channel: 'dev' }, world.env);
    // The channel takes the place of the list for sharing; record and code are listed all the same.
    t.deepEqual(await again({ channel: 'dev' }), {
      id: first.release,
      writes: 0,
      calls: ['lambda:GetLayerVersion', 's3:GetObject', 's3:HeadObject', 's3:ListBucket'],
    });

    const code = { Bucket: bucket, Key: `releases/${first.release}.zip` };
    const { zip } = await codeIn(bucket, first.release);
    await world.direct.s3.send(new DeleteObjectCommand(code));
    t.is((await again()).writes, 1);
    t.deepEqual((await codeIn(bucket, first.release)).zip, zip);
    const { key } = { key: `releases/${first.release}.json` };
    await world.direct.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    t.is((await again()).writes, 1);
    t.is((await record(first.release)).id, first.release);

    // Another ETag than one upload gives: no proof, so the bytes are asked for.
    await world.direct.s3.send(new DeleteObjectCommand(code));
    const { UploadId } = await world.direct.s3.send(new CreateMultipartUploadCommand(code));
    const part = { ...code, UploadId, PartNumber: 1 };
    const { ETag } = await world.direct.s3.send(new UploadPartCommand({ ...part, Body: zip }));
    await world.direct.s3.send(
      new CompleteMultipartUploadCommand({
        ...code,
        UploadId,
        MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
      }),
    );
    t.deepEqual((await again()).calls, [...unchanged, 's3:GetObject', 's3:HeadObject'].sort());
    for (const Body of [zip.subarray(1), Buffer.from(zip).fill(0, 100, 101)]) {
      await world.direct.s3.send(new DeleteObjectCommand(code));
      await world.direct.s3.send(new PutObjectCommand({ ...code, Body }));
      const error = await t.throwsAsync<CodedError>(again());
      t.is(error?.code, 'PUBLISH_IMMUTABLE_COLLISION');
    }
  },
);

test.serial('code that cannot be packed stops the publish before any call', async t => {
  const { release } = await setUp('unpackable');
  world.proxy.reset();
  await t.throwsAsync(release('export const handler = ;', 'one'), { code: 'BUNDLE_FAILED' });
  await t.throwsAsync(release("import 'other';\nexport const handler = 1;", 'one'), {
    code: 'BUNDLE_FAILED',
  });
  t.deepEqual(world.proxy.calls, []);
});

test.serial('a saved plan is refused when the code is another by now', async t => {
  const { project, run } = await setUp('code-plan');
  const file = `${project}/plan.json`;
  t.is((await run('publish', '--plan-out', file)).status, 0);
  await makeProject({ service: 'code-plan', app: app('code two') }, project);
  t.is((await run('publish', '--from', file)).data.code, 'PLAN_AGED');
});

test.serial('promote and rollback move code and dependencies of the stage together', async t => {
  const { release, run, pointsTo, answer, live, project } = await setUp('both');
  const first = await release(app('code one'), 'dep one');
  t.is((await run('deploy', '--stage', 'prod', '--mode', 'layer')).status, 0);
  t.is((await run('promote', 'dev', '--to', 'prod')).data.functions[0].outcome, 'kept');
  const second = await release(app('code two'), 'dep two');
  t.is(await answer(), 'code one with dep one');

  const promoted = await run('promote', 'dev', '--to', 'prod');
  t.like(promoted.data.functions[0], { outcome: 'moved', version: '2', from: '1' });
  t.is(await answer(), 'code two with dep two');
  t.is(await pointsTo('prod'), second.release);

  world.proxy.reset();
  const back = await run('rollback', '--channel', 'prod');
  t.like(back.data.functions[0], { outcome: 'moved', version: '1', from: '2' });
  t.is(back.data.functions[0].smoke[0].status, 200);
  t.is(await answer(), 'code one with dep one');
  t.is(await pointsTo('prod'), first.release);
  // The version is there already: one alias moves, nothing is uploaded.
  const writes = world.proxy.calls.filter(
    ({ method, action }) => method === 'PUT' && action !== 's3:PutObject',
  );
  t.deepEqual(
    writes.map(({ action }) => action),
    ['lambda:PUT functions/both__prod/aliases/live'],
  );
  // What deploy makes of the same project is that very code: nothing to do.
  await release(app('code two'), 'dep two');
  await run('promote', 'dev', '--to', 'prod');
  t.deepEqual((await run('deploy', '--stage', 'prod', '--mode', 'layer')).data.steps, []);
  t.is(await live(), '2');
  const status = await run('deploy', 'status', '--stage', 'prod');
  t.like(status.data, { version: '2', release: second.release });
  world.proxy.script = ({ action }) =>
    action === 's3:ListBucket' ? { kind: 'answer', status: 403, code: 'AccessDenied' } : undefined;
  const blind = await run('deploy', 'status', '--stage', 'prod');
  t.like(blind.data, { version: '2', release: null, releaseUnknown: { code: 'ACCESS_DENIED' } });
  t.regex(blind.text, /release {2}not known: not allowed: s3:ListBucket/);
  t.truthy(lockOf(project).artifacts[0]?.published[region]);
});

test.serial(
  'D1 promote killed after a call: no pointer to anything absent, and a rerun ends with channel and function at the release',
  async t => {
    const { project, bucket, release, run, record, pointsTo, answer } = await setUp('killed');
    await release(app('code 0'), 'dep 0', { channel: 'prod' });
    await run('deploy', '--stage', 'prod', '--mode', 'layer');
    const promote = async (id: string | undefined, signal?: AbortSignal) => {
      const takeover = { shift: [], bake: 1, alarms: [] };
      const options = {
        progress: () => {},
        signal,
        rollback: false,
        smokePaths: ['/'],
        takeover,
        channelOnly: false,
      };
      await pointChannel(project, await record(id), 'prod', options, world.env);
    };
    const clean = await release(app('code 1'), 'dep 1');
    world.proxy.reset();
    await promote(clean.release);
    const calls = world.proxy.calls.map(({ action }) => action);
    t.is(await answer(), 'code 1 with dep 1');
    const isEvery = process.env['KILL_POINTS'] === 'all';
    // The writes after which a rerun begins with another state; the others on demand: a promote is paced.
    const points = [...calls.keys()].filter(
      k => isEvery || /(PUT .*(code|live)|POST .*versions)$|PutObject/.test(calls[k] ?? ''),
    );
    for (const k of points) {
      const point = `killed after call ${k} ${calls[k]}`;
      const { release: id } = await release(app(`code ${k + 2}`), `dep ${k + 2}`);
      const before = await pointsTo('prod');
      const death = new AbortController();
      const action = calls[k];
      const nth = calls.slice(0, k + 1).filter(other => other === action).length;
      let seen = 0;
      world.proxy.reset();
      world.proxy.script = call => {
        if (death.signal.aborted) return { kind: 'drop-request' };
        if (call.action !== action || ++seen < nth) return undefined;
        return { kind: 'drop-reply', afterwards: () => death.abort('killed') };
      };
      // How often Lambda is asked whether it is ready depends on the machine: then a run ends before its last question.
      await promote(id, death.signal).catch(() => {});
      await world.proxy.quiet();
      world.proxy.reset();
      const now = await pointsTo('prod');
      t.true([before, id].includes(now), point);
      t.true((await keysOf(world, bucket)).includes(`releases/${now}.json`), point);
      t.regex(await answer(), /^code (\d+) with dep \1$/, point);
      await promote(id);
      t.is(await pointsTo('prod'), id, point);
      t.is(await answer(), `code ${k + 2} with dep ${k + 2}`, point);
    }
    t.log(`${points.length} of ${points.length} kill points, of ${calls.length} calls`);
  },
);

/** The call of one promote that waits until another has ended. */
const overtaken: readonly (readonly [what: string, isIt: (call: ProxiedCall) => boolean])[] = [
  ['the alias moves', ({ action }) => /PUT .*\/aliases\/live$/.test(action)],
  ['the channel moves', ({ action, path }) => action === 's3:PutObject' && path.includes('/channels/')],
];

for (const [index, [what, isIt]] of overtaken.entries()) {
  test.serial(
    `of two promotes at once, one overtaken before ${what}, one wins and the other is told`,
    async t => {
      const { release, run, pointsTo, answer } = await setUp(`two-${index}`);
      await release(app('code zero'), 'dep zero');
      await run('deploy', '--stage', 'prod', '--mode', 'layer');
      const slow = await release(app('code slow'), 'dep slow');
      const quick = await release(app('code quick'), 'dep quick');
      type Ended = Awaited<ReturnType<typeof run>>;
      let overtaker: Promise<Ended> | undefined;
      world.proxy.reset();
      world.proxy.script = call => {
        if (overtaker !== undefined || !isIt(call)) return undefined;
        const work = async () => {
          overtaker = run('promote', quick.release ?? '', '--to', 'prod');
          await overtaker;
        };
        return { kind: 'meanwhile', work };
      };
      const loser = await run('promote', slow.release ?? '', '--to', 'prod');
      t.is((await overtaker)?.status, 0, (await overtaker)?.text);
      t.is(loser.status, 1, loser.text);
      t.regex(loser.data.code, /^(DEPLOY|PUBLISH_CHANNEL)_CONFLICT$/, loser.text);
      t.is(await pointsTo('prod'), quick.release);
      t.is(await answer(), 'code quick with dep quick');
      t.is((await run('promote', slow.release ?? '', '--to', 'prod')).status, 0);
      t.is(await pointsTo('prod'), slow.release);
      t.is(await answer(), 'code slow with dep slow');
    },
  );
}

test.serial('without a function, or with --channel-only, the channel moves alone and it is said', async t => {
  const { release, run, pointsTo, live } = await setUp('alone');
  const { release: id } = await release(app('one'), 'one');
  const absent = await run('promote', 'dev', '--to', 'prod');
  t.regex(absent.text, /the channel moved alone: there is no function alone__prod/);
  t.is(await pointsTo('prod'), id);
  await run('deploy', '--stage', 'prod', '--mode', 'layer');
  await release(app('two'), 'two');
  t.deepEqual((await run('promote', 'dev', '--to', 'prod', '--channel-only')).data.functions, []);
  t.is(await live(), '1');
  const bare = await release(app('three'), 'one', { code: false });
  const { text } = await run('promote', bare.release ?? '', '--to', 'prod');
  t.regex(text, /the channel moved alone: the release holds no code/);
});

test.serial('a version that does not answer moves neither channel nor alias', async t => {
  const { release, run, pointsTo, live, answer } = await setUp('broken');
  const { release: good } = await release(app('one'), 'one');
  await run('deploy', '--stage', 'prod', '--mode', 'layer');
  await run('promote', 'dev', '--to', 'prod');
  await release(broken, 'one');
  const { data, status } = await run('promote', 'dev', '--to', 'prod');
  t.is(status, 1);
  t.is(data.code, 'SMOKE_FAILED');
  t.is(await pointsTo('prod'), good);
  t.is(await live(), '1');
  t.is(await answer(), 'one with one');
});

test.serial('who may not see functions is told of --channel-only, and nothing moves', async t => {
  const { release, run, bucket } = await setUp('forbidden');
  await release(app('one'), 'one');
  world.proxy.script = ({ action }) =>
    action.startsWith('lambda:GET functions')
      ? { kind: 'answer', status: 403, code: 'AccessDeniedException' }
      : undefined;
  const { data } = await run('promote', 'dev', '--to', 'prod');
  t.is(data.code, 'ACCESS_DENIED');
  t.regex(data.hint, /--channel-only/);
  t.deepEqual(await keysOf(world, bucket, 'channels/'), ['channels/dev.json']);
  t.is((await run('promote', 'dev', '--to', 'prod', '--channel-only')).status, 0);
});

test.serial(
  'D17 a rollback that makes a layer again gives the code the lock of the new layer, and the function both',
  async t => {
    const { release, run, record, bucket, answer } = await setUp('healed');
    await release(app('one'), 'one', { channel: 'prod' });
    await run('deploy', '--stage', 'prod', '--mode', 'layer');
    await release(app('two'), 'two', { channel: 'prod' });
    await run('deploy', '--stage', 'prod', '--mode', 'layer');
    await world.direct.lambda.send(
      new DeleteLayerVersionCommand({ LayerName: 'healed-core', VersionNumber: 1 }),
    );
    const { data } = await run('rollback', '--channel', 'prod');
    t.not(data.release, data.asked);
    const { lock } = await record(data.release);
    t.regex(lock.artifacts[0].published[region].layerVersionArn, /:3$/);
    t.deepEqual((await codeIn(bucket, data.release)).lock, lock);
    t.like(data.functions[0], { outcome: 'moved', version: '3', from: '2' });
    t.is(await answer(), 'one with one');
  },
);

test.serial('a release whose code is gone is not pointed to', async t => {
  const { release, run, bucket, pointsTo } = await setUp('codeless');
  const { release: id } = await release(app('one'), 'one');
  await release(app('two'), 'one');
  const { key } = await codeIn(bucket, id);
  await world.direct.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  t.is((await run('rollback', '--channel', 'dev')).data.code, 'NOT_PUBLISHED');
  t.not(await pointsTo('dev'), id);
});

test.serial('D16 gc keeps the code of the releases it keeps, and no other', async t => {
  const { release, run, bucket } = await setUp('gc-code');
  const old = await release(app('one'), 'one', {});
  const kept = await release(app('two'), 'one', {});
  const { data } = await run('gc', '--keep', '1', '--grace-hours', '0');
  const gone: string[] = data.delete.map(({ name }: { name: string }) => name);
  t.true(gone.includes(`s3://${bucket}/releases/${old.release}.zip`));
  t.false(gone.includes(`s3://${bucket}/releases/${kept.release}.zip`));
});
