/** The whole flow for a project that is not ours: built, published, deployed and called on both loading paths. */
import { ListLayerVersionsCommand, ListVersionsByFunctionCommand } from '@aws-sdk/client-lambda';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { DeployReport } from '../../layer-builder/deploy/index.ts';
import type { Rollback, StageStatus } from '../../layer-builder/deploy/stages.ts';
import type { BuiltDocument, Flow } from './support.ts';
import { bucket, must, openFlow } from './support.ts';

let flow: Flow;
test.before(async () => {
  flow = await openFlow('second-project');
});
test.after.always(() => flow?.close());

test.serial('it is built and published once; a second time changes nothing and says so', async t => {
  const built = await must<BuiltDocument>(t, flow.run('build'));
  t.is(built.artifacts.length, 1);
  await must(t, flow.run('publish', '--bucket', bucket));
  const before = await world(flow);
  const again = await must<BuiltDocument>(t, flow.run('build'));
  t.is(again.artifacts[0].digest, built.artifacts[0].digest);
  await must(t, flow.run('publish', '--bucket', bucket));
  t.deepEqual(await world(flow), before);
  t.is(before.layerVersions.length, 1);
  // the record of the release and the function package beside it, and the artifact
  t.deepEqual(
    before.objects.map(key => key.replace(/[\w-]+(?=\.\w+$)/, '*')),
    ['releases/*.json', 'releases/*.zip', 'sha256/*.zip'],
  );
});

for (const mode of ['layer', 's3', 'auto'] as const) {
  test.serial(`deployed in mode ${mode} it answers, cold and warm, from the right place`, async t => {
    const deployed = await must<DeployReport>(
      t,
      flow.run('deploy', '--stage', `dev-${mode}`, '--mode', mode, '--no-smoke-test'),
    );
    const cold = await call(t, deployed.url);
    const warm = await call(t, deployed.url);
    for (const { body } of [cold, warm]) {
      t.is(body.path, '/hello');
      t.is(body.id, 21);
      t.is(body.day, 86_400_000);
      const place = mode === 's3' ? '/tmp/deps/' : '/nodejs/node_modules/';
      t.true(body.koa.includes(place) && body.ms.includes(place), JSON.stringify(body));
      if (mode !== 's3') t.false(body.koa.includes('/tmp/deps/'), body.koa);
    }
    t.regex(cold.serverTiming, /app-import;dur=/);
    t.is(warm.serverTiming, '');
  });
}

test.serial('deployed again it changes nothing; a new version is tested before it is live', async t => {
  const again = await must<DeployReport>(t, flow.run('deploy', '--stage', 'dev-layer', '--mode', 'layer'));
  t.deepEqual(again.steps, []);
  const dry = await must<DeployReport>(
    t,
    flow.run('deploy', '--stage', 'dev-layer', '--mode', 's3', '--dry-run'),
  );
  t.deepEqual(
    dry.steps.map(step => step.kind),
    ['update-configuration', 'publish-version', 'smoke-test', 'move-alias'],
  );
  t.is(await versions('second-project__dev-layer'), 1);
  const moved = await must<DeployReport>(t, flow.run('deploy', '--stage', 'dev-layer', '--mode', 's3'));
  t.is(moved.smoke[0]?.status, 200);
  t.is(await versions('second-project__dev-layer'), 2);
  t.true((await call(t, moved.url)).body.koa.includes('/tmp/deps/'));
});

test.serial('a rollback returns code and dependencies together, and can be taken back', async t => {
  const back = await must<Rollback>(t, flow.run('deploy', 'rollback', '--stage', 'dev-layer'));
  t.deepEqual([back.from, back.to], ['2', '1']);
  const before = await must<StageStatus>(t, flow.run('deploy', 'status', '--stage', 'dev-layer'));
  t.deepEqual(
    [before.version, before.previousVersion, before.mode, before.layers.length],
    ['1', '2', 'layer', 1],
  );
  t.false((await call(t, before.url)).body.koa.includes('/tmp/deps/'));
  await must(t, flow.run('deploy', 'rollback', '--stage', 'dev-layer'));
  t.true((await call(t, before.url)).body.koa.includes('/tmp/deps/'));
  const missing = await flow.run('deploy', 'rollback', '--stage', 'dev-layer', '--to', '9');
  t.is(missing.status, 1);
  t.is((missing.data as { error: { code: string } }).error.code, 'NOT_FOUND');
});

test.serial('destroy wants to be meant, deletes the function and leaves what others may use', async t => {
  const before = await world(flow);
  t.is((await flow.run('deploy', 'destroy', '--stage', 'dev-auto')).status, 2);
  t.true(
    (await must<{ deleted: boolean }>(t, flow.run('deploy', 'destroy', '--stage', 'dev-auto', '--yes')))
      .deleted,
  );
  t.false((await must<StageStatus>(t, flow.run('deploy', 'status', '--stage', 'dev-auto'))).deployed);
  t.deepEqual(await world(flow), before);
});

async function call(t: ExecutionContext, url: string | undefined) {
  const answer = await fetch(new URL('/hello', url));
  const text = await answer.text();
  t.is(answer.status, 200, text);
  return { body: JSON.parse(text), serverTiming: answer.headers.get('server-timing') ?? '' };
}

/** Published versions, `$LATEST` not counted. */
async function versions(name: string): Promise<number> {
  const { Versions = [] } = await flow.lambda.send(new ListVersionsByFunctionCommand({ FunctionName: name }));
  return Versions.length - 1;
}

async function world({ s3, lambda }: Flow) {
  const objects = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  const layers = await lambda.send(new ListLayerVersionsCommand({ LayerName: 'second-project-core' }));
  return {
    objects: (objects.Contents ?? []).map(({ Key = '' }) => Key),
    layerVersions: (layers.LayerVersions ?? []).map(({ LayerVersionArn = '' }) => LayerVersionArn),
  };
}
