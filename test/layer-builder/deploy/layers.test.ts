/** Which artifacts a deployment attaches as layers, and what it refuses before anything is changed. */
import test from 'ava';
import { completeConfig } from '../../../layer-builder/config.ts';
import type { DesiredInput } from '../../../layer-builder/deploy/desired.ts';
import { desiredFunction, settingsOfStage } from '../../../layer-builder/deploy/desired.ts';
import { parseManifest } from '../../../layer-builder/read/manifest.ts';

const digest = `sha256:${'0'.repeat(64)}` as const;

/** Artifacts by name: MB unpacked, and whether S3 alone brings them. */
function input(
  artifacts: Readonly<Record<string, [megabytes: number, layer: boolean]>>,
  mode: DesiredInput['mode'],
): DesiredInput {
  const entries = Object.entries(artifacts);
  const settings = Object.fromEntries(
    entries.map(([name, [, layer]]) => [name, { layer, include: [`only-${name}`] }]),
  );
  const config = completeConfig(
    { artifacts: settings, function: { role: 'arn:aws:iam::000000000000:role/sample' } },
    { manifest: parseManifest('{}'), project: '/p', from: 'test' },
  );
  return {
    config,
    settings: config.function,
    stage: 'dev',
    mode,
    region: 'eu-west-1',
    codeSha256: 'code',
    environment: {},
    fallbackRole: undefined,
    logGroup: '/aws/lambda/sample__dev',
    lock: {
      formatVersion: 1,
      service: 'sample',
      runtime: 'nodejs24.x',
      architecture: 'x86_64',
      artifacts: entries.map(([name, [megabytes]]) => ({
        ...{
          name,
          load: 'eager' as const,
          digest,
          tree: digest,
          size: 1,
          files: 1,
          packages: [],
          s3: { key: name },
        },
        unpackedSize: megabytes * 1_000_000,
        published: { 'eu-west-1': { bucket: 'b', layerVersionArn: `arn:${name}` } },
      })),
    },
  };
}

test('an artifact with "layer": false is left to S3 in mode auto, and mode layer refuses it', t => {
  const artifacts: Parameters<typeof input>[0] = { core: [1, true], huge: [250, false] };
  t.deepEqual(desiredFunction(input(artifacts, 'auto')).settings.layers, ['arn:core']);
  t.deepEqual(desiredFunction(input(artifacts, 's3')).settings.layers, []);
  const error = t.throws<Error & { code: string; hint: string }>(() =>
    desiredFunction(input(artifacts, 'layer')),
  );
  t.is(error.code, 'LAYER_LIMIT');
  t.regex(error.hint, /--mode auto/);
});

test('layers that are too large together are refused with what was expected and found', t => {
  const error = t.throws<Error & { code: string }>(() =>
    desiredFunction(input({ a: [200, true], b: [63, true] }, 'auto')),
  );
  t.is(error.code, 'LAYER_LIMIT');
  t.regex(error.message, /at most 262144000 bytes unpacked, found 263000000/);
  t.notThrows(() => desiredFunction(input({ a: [200, true], b: [62, true] }, 'auto')));
});

test('a stage goes before the function, key by key of environment, tags and url; false takes the URL away', t => {
  const config = completeConfig(
    {
      function: {
        ...{ memory: 256, mode: 'layer', environment: { ONE: '1', TWO: '1' }, tags: { team: 'a' } },
        url: { cors: { allowOrigins: ['*'] } },
      },
      stages: {
        prod: { memory: 1024, mode: 's3', environment: { TWO: '2' }, url: { auth: 'AWS_IAM' } },
        inner: { url: false, createRole: true },
      },
    },
    { manifest: parseManifest('{}'), project: '/p', from: 'test' },
  );
  t.like(settingsOfStage(config, 'prod'), {
    ...{ memory: 1024, mode: 's3', timeout: 30, environment: { ONE: '1', TWO: '2' }, tags: { team: 'a' } },
    url: { auth: 'AWS_IAM', cors: { allowOrigins: ['*'] } },
  });
  t.like(settingsOfStage(config, 'dev'), {
    memory: 256,
    mode: 'layer',
    url: { cors: { allowOrigins: ['*'] } },
  });
  const inner = {
    ...input({ core: [1, true] }, 'layer'),
    config,
    settings: settingsOfStage(config, 'inner'),
  };
  t.is(desiredFunction(inner).url, undefined);
  const open = { ...inner, settings: { ...settingsOfStage(config, 'dev'), role: 'arn:r' } };
  t.is(desiredFunction(open).url?.auth, 'NONE');
});
