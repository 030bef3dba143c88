/** The environment of the loader, R2's choice, B17 to B19 and B23. */

import * as fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { markerPath } from '../../../artifact/layout.ts';
import type { Runtime } from '../../../artifact/lock.ts';
import { targetOf, urlOf } from '../../../handler/download/target.ts';
import { readSettings } from '../../../handler/environment.ts';
import type { HandlerError } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { checkRuntime } from '../../../handler/runtime.ts';
import type { MadeArtifact } from '../../support/artifact.ts';
import { hereArchitecture, hereRuntime, lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import { serve, startChaosS3 } from '../../support/chaos-s3.ts';
import { loaderWorld, secret } from '../../support/loader-world.ts';

const made = await makeArtifact(smallPackage);
const lock = lockOf([made.artifact]);

test('without any variable there is a default for everything', t => {
  const { source, dir, layerRoot, deadlineMs, endpoint, region } = readSettings({});
  t.deepEqual(
    { source, dir, layerRoot, deadlineMs, endpoint, region },
    {
      source: 'auto',
      dir: '/tmp/deps',
      layerRoot: '/opt',
      deadlineMs: 8000,
      endpoint: undefined,
      region: undefined,
    },
  );
});

const wrong: Readonly<Record<string, [variable: string, value: string, says: RegExp]>> = {
  'an unknown source': ['DEPS_SOURCE', 'S3', /auto, layer, s3/],
  'a relative folder': ['DEPS_DIR', 'tmp/deps', /absolute/],
  'a relative layer root': ['DEPS_LAYER_ROOT', './opt', /absolute/],
  'a deadline of nothing': ['DEPS_DEADLINE_MS', '0', /900000/],
  'a deadline in words': ['DEPS_DEADLINE_MS', '8s', /900000/],
  'a deadline beyond the longest time-out': ['DEPS_DEADLINE_MS', '900001', /900000/],
  'an endpoint without a scheme': ['AWS_ENDPOINT_URL', 'localhost:4566', /http:\/\//],
  'an endpoint of another scheme': ['AWS_ENDPOINT_URL_S3', 'file:///etc/passwd', /http:\/\//],
  'an endpoint with a password': ['AWS_ENDPOINT_URL_S3', `http://user:${secret}@host`, /no user/],
  'an endpoint with a query': ['AWS_ENDPOINT_URL_S3', 'http://host/?a', /no user/],
  'a region that is none': ['AWS_REGION', 'evil.example/', /us-east-1/],
};

for (const [title, [variable, value, says]] of Object.entries(wrong)) {
  test(`${title} is refused, the variable and what is allowed named`, t => {
    const error = t.throws(() => readSettings({ [variable]: value }), { code: 'DEPS_SETTINGS' });
    t.regex(error.message, says);
    t.true(error.message.includes(variable));
    t.false(JSON.stringify([error.message, error]).includes(secret));
  });
}

test('the memory of the function is known in Lambda alone', t => {
  t.is(readSettings({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3008' }).memoryMb, 3008);
  t.is(readSettings({}).memoryMb, undefined);
});

test('the endpoint of S3 comes before the endpoint of all, and both can be ignored', t => {
  const env = { AWS_ENDPOINT_URL: 'http://all:1/', AWS_ENDPOINT_URL_S3: 'http://s3:2/base/' };
  t.is(readSettings(env).endpoint, 'http://s3:2/base');
  t.is(readSettings({ ...env, AWS_ENDPOINT_URL_S3: '' }).endpoint, 'http://all:1');
  t.is(readSettings({ ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }).endpoint, undefined);
});

const onDemand = { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' };
const inits: readonly [string, NodeJS.ProcessEnv, number | undefined][] = [
  ['in Lambda', onDemand, 1500],
  ['in Lambda, told so', { ...onDemand, AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' }, 1500],
  ['elsewhere', { AWS_REGION: 'us-east-1' }, undefined],
  [
    'with provisioned concurrency',
    { ...onDemand, AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency' },
    undefined,
  ],
  ['with a store outside of /tmp', { ...onDemand, DEPS_DIR: '/mnt/tmp/deps' }, undefined],
];
for (const [title, env, expected] of inits) {
  test(`B13 a repeated init has ${expected ?? 'no'} ms of its own ${title}`, t => {
    t.is(readSettings(env).repeatedInitMs, expected);
  });
}

for (const region of [undefined, 'us-east-1', 'eu-west-1']) {
  test(`B23 AWS_REGION ${region ?? 'unset'} does not decide how dependencies are loaded`, t => {
    const { region: _, credentials: __, log: ___, ...with_ } = readSettings({ AWS_REGION: region });
    const { region: ____, credentials: _____, log: ______, ...without } = readSettings({});
    t.deepEqual(with_, without);
  });
}

const target = { artifact: 'core', region: 'eu-west-1', bucket: 'b1', key: 'pre fix/sha256/ab.zip' };
const plain = { endpoint: undefined, dualStack: false, fips: false };
const addresses: readonly [string, object, object, string][] = [
  ['AWS', {}, {}, 'https://b1.s3.eu-west-1.amazonaws.com/pre%20fix/sha256/ab.zip'],
  [
    'a version',
    { versionId: 'v+1' },
    {},
    'https://b1.s3.eu-west-1.amazonaws.com/pre%20fix/sha256/ab.zip?versionId=v%2B1',
  ],
  [
    'a bucket with dots',
    { bucket: 'a.b' },
    {},
    'https://s3.eu-west-1.amazonaws.com/a.b/pre%20fix/sha256/ab.zip',
  ],
  [
    'dual-stack',
    {},
    { dualStack: true },
    'https://b1.s3.dualstack.eu-west-1.amazonaws.com/pre%20fix/sha256/ab.zip',
  ],
  ['FIPS', {}, { fips: true }, 'https://b1.s3-fips.eu-west-1.amazonaws.com/pre%20fix/sha256/ab.zip'],
  [
    'both',
    {},
    { dualStack: true, fips: true },
    'https://b1.s3-fips.dualstack.eu-west-1.amazonaws.com/pre%20fix/sha256/ab.zip',
  ],
  [
    'China',
    { region: 'cn-north-1' },
    {},
    'https://b1.s3.cn-north-1.amazonaws.com.cn/pre%20fix/sha256/ab.zip',
  ],
  ['an endpoint', {}, { endpoint: 'http://h:1/x' }, 'http://h:1/x/b1/pre%20fix/sha256/ab.zip'],
  [
    'a VPC interface endpoint',
    {},
    { endpoint: 'https://bucket.vpce-1a2b-5e6f.s3.eu-west-1.vpce.amazonaws.com' },
    'https://bucket.vpce-1a2b-5e6f.s3.eu-west-1.vpce.amazonaws.com/b1/pre%20fix/sha256/ab.zip',
  ],
];

for (const [title, where, how, url] of addresses) {
  test(`the address of an object: ${title}`, t => {
    t.is(urlOf({ ...target, ...where }, { ...plain, ...how }).href, url);
  });
}

test('the bucket is that of our region; without a region the only one there is', t => {
  const published = { 'us-east-1': { bucket: 'b1' }, 'eu-west-1': { bucket: 'b2', versionId: 'v' } };
  const artifact = { ...made.artifact, published };
  t.like(targetOf(artifact, 'eu-west-1'), { bucket: 'b2', versionId: 'v', region: 'eu-west-1' });
  t.like(targetOf(made.artifact, undefined), { bucket: 'artifacts', region: 'us-east-1' });
  t.false('versionId' in targetOf(made.artifact, undefined));
  for (const region of [undefined, 'ap-south-1', 'constructor']) {
    const { message, hint, details } = t.throws<HandlerError>(() => targetOf(artifact, region), {
      code: 'DEPS_REGION',
    });
    const found = region ?? 'none set';
    t.is(message, `core is not published in this region (expected us-east-1, eu-west-1, found ${found})`);
    t.regex(hint ?? '', region === undefined ? /--regions REGION/ : new RegExp(`--regions ${region}"`));
    t.deepEqual(details, {
      artifact: 'core',
      expected: ['us-east-1', 'eu-west-1'],
      found: region ?? null,
    });
  }
  t.throws(() => targetOf({ ...made.artifact, published: {} }, undefined), { message: /a published region/ });
});

test('B19 a lock for another Node or processor is refused before anything is loaded', async t => {
  const { settings } = loaderWorld(t, 'http://127.0.0.1:1');
  const other: Runtime = hereRuntime === 'nodejs24.x' ? 'nodejs22.x' : 'nodejs24.x';
  await t.throwsAsync(resolveDependencies(lockOf([made.artifact], other), settings), {
    code: 'DEPS_RUNTIME_MISMATCH',
  });
  t.false(fs.existsSync(settings.dir));
  const here = { runtime: 'nodejs24.x', architecture: 'arm64' } as const;
  t.notThrows(() => checkRuntime(here, { version: '24.1.0', arch: 'arm64' }));
  t.throws(() => checkRuntime(here, { version: '24.1.0', arch: 'x64' }), {
    message: /found nodejs24.x x86_64/,
  });
});

function mount(layerRoot: string, { files }: MadeArtifact, marker?: object): void {
  for (const { path: name, content } of files) {
    const file = path.join(layerRoot, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
  if (marker !== undefined)
    fs.writeFileSync(path.join(layerRoot, markerPath('core')), JSON.stringify(marker));
}

const right = {
  formatVersion: 1,
  name: 'core',
  tree: made.artifact.tree,
  runtime: hereRuntime,
  architecture: hereArchitecture,
};

test('R2 the layer is taken when its marker is the lock’s, and nothing is written', async t => {
  for (const source of ['auto', 'layer'] as const) {
    const { settings } = loaderWorld(t, 'http://127.0.0.1:1', { source });
    mount(settings.layerRoot, made);
    const { artifacts } = await resolveDependencies(lock, settings);
    t.is(artifacts[0]?.source, 'layer');
    t.is(artifacts[0]?.root, settings.layerRoot);
    t.deepEqual(Object.keys(artifacts[0]?.phases ?? {}), ['choose', 'resolve']);
    t.false(fs.existsSync(settings.dir));
  }
});

test('R2 DEPS_SOURCE=s3 passes a right layer by', async t => {
  const s3 = await startChaosS3(serve(made.zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint, { source: 's3' });
  mount(settings.layerRoot, made);
  t.is((await resolveDependencies(lock, settings)).artifacts[0]?.source, 's3');
});

const otherLayers: Readonly<Record<string, ((t: ExecutionContext, root: string) => void) | undefined>> = {
  'B17 no layer': undefined,
  'B17 a layer of another version': (_, root) =>
    mount(root, made, { ...right, tree: `sha256:${'0'.repeat(64)}` }),
  'B17 a layer for another architecture': (_, root) =>
    mount(root, made, { ...right, architecture: hereArchitecture === 'arm64' ? 'x86_64' : 'arm64' }),
  'B17 a layer for another runtime': (_, root) => mount(root, made, { ...right, runtime: 'nodejs20.x' }),
  'B17 a layer of another format': (_, root) => mount(root, made, { ...right, formatVersion: 2 }),
  'B17 a marker that is no marker': (_, root) => mount(root, made, ['\u001b[31m']),
};

for (const [title, prepare] of Object.entries(otherLayers)) {
  test(`${title}: auto goes to S3 and says so, layer fails with expected and found`, async t => {
    const s3 = await startChaosS3(serve(made.zip));
    t.teardown(s3.close);
    const { settings, events } = loaderWorld(t, s3.endpoint, { source: 'auto' });
    prepare?.(t, settings.layerRoot);
    const error = await t.throwsAsync(resolveDependencies(lock, { ...settings, source: 'layer' }), {
      code: 'DEPS_LAYER_MISMATCH',
      message: new RegExp(`expected ${made.artifact.tree} for ${hereRuntime}`),
    });
    t.false(error.message.includes('\u001b'));
    t.is(s3.requests.length, 0);
    t.is((await resolveDependencies(lock, settings)).artifacts[0]?.source, 's3');
    t.is(events[0]?.event, 'layer-mismatch');
  });
}

test('B18 layer and S3 are both sound but differ: the lock decides, nothing is merged', async t => {
  const other = await makeArtifact({
    ...smallPackage,
    'small/index.mjs': 'export default "another small";\n',
  });
  const s3 = await startChaosS3(serve(made.zip));
  t.teardown(s3.close);
  const { settings, events } = loaderWorld(t, s3.endpoint, { source: 'auto' });
  mount(settings.layerRoot, other);
  const { artifacts } = await resolveDependencies(lock, settings);
  t.is(artifacts[0]?.source, 's3');
  t.true(artifacts[0]?.root.startsWith(settings.dir));
  t.is(events.find(({ event }) => event === 'layer-mismatch')?.level, 'warn');
});
