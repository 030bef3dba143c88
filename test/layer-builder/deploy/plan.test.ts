/** Planning a deployment: every difference leads to its step, and no difference to none. */
import test from 'ava';
import { planDeploy } from '../../../layer-builder/deploy/plan.ts';
import type {
  ActualFunction,
  DeployStep,
  DesiredFunction,
  FunctionSettings,
} from '../../../layer-builder/deploy/types.ts';

const settings: FunctionSettings = {
  codeSha256: 'code-1',
  runtime: 'nodejs24.x',
  architecture: 'x86_64',
  handler: 'index.handler',
  role: 'arn:aws:iam::000000000000:role/sample',
  memory: 512,
  timeout: 30,
  tmp: 512,
  environment: { DEPS_SOURCE: 'layer', KEY: 'secret-1' },
  layers: ['arn:layer:1'],
  tracing: 'PassThrough',
};
const desired: DesiredFunction = {
  name: 'sample__dev',
  settings,
  url: { auth: 'NONE', cors: undefined },
  tags: { stage: 'dev' },
  reservedConcurrency: undefined,
};

function deployed(
  change: Partial<FunctionSettings> = {},
  rest: Partial<ActualFunction> = {},
): ActualFunction {
  const state = { ...settings, ...change, revisionId: 'r' };
  return {
    latest: { ...state, version: '$LATEST' },
    live: { ...state, version: '1', aliasRevisionId: 'a' },
    url: { auth: 'NONE', url: 'http://127.0.0.1/', cors: undefined },
    urlIsPublic: true,
    arn: 'arn:function',
    tags: { stage: 'dev', 'aws:cloudformation:stack-name': 'ours' },
    reservedConcurrency: undefined,
    previousVersion: undefined,
    ...rest,
  };
}

const renewal = ['publish-version', 'smoke-test', 'move-alias'];

const leadsTo = test.macro({
  exec(t, actual: ActualFunction | undefined, kinds: readonly string[], wanted: DesiredFunction = desired) {
    t.deepEqual(
      planDeploy(wanted, actual).steps.map(step => step.kind),
      kinds as DeployStep['kind'][],
    );
  },
  title: (name = '') => `a deployment of ${name}`,
});

test('a new function tests its first version before it is live', leadsTo, undefined, [
  'create-function',
  'set-tags',
  'publish-version',
  'smoke-test',
  'create-alias',
  'create-url',
  'allow-url',
]);
test('what is already there does nothing', leadsTo, deployed(), []);
test('other code updates the code and renews the version', leadsTo, deployed({ codeSha256: 'code-0' }), [
  'update-code',
  ...renewal,
]);
test('another architecture goes with the code', leadsTo, deployed({ architecture: 'arm64' }), [
  'update-code',
  ...renewal,
]);
for (const [name, change] of Object.entries({
  memory: { memory: 128 },
  tracing: { tracing: 'Active' },
  timeout: { timeout: 3 },
  '/tmp': { tmp: 1024 },
  role: { role: 'arn:aws:iam::000000000000:role/other' },
  runtime: { runtime: 'nodejs22.x' as const },
  handler: { handler: 'index.stream' },
  layers: { layers: [] },
  'the environment': { environment: { DEPS_SOURCE: 'layer', KEY: 'secret-0' } },
})) {
  test(`another ${name} updates the configuration and renews the version`, leadsTo, deployed(change), [
    'update-configuration',
    ...renewal,
  ]);
}
test(
  'a run that stopped before the alias moved goes on from there',
  leadsTo,
  deployed(
    {},
    { live: { ...settings, codeSha256: 'code-0', version: '1', revisionId: 'r', aliasRevisionId: 'a' } },
  ),
  renewal,
);
test(
  'a run that stopped before the alias was made goes on from there',
  leadsTo,
  deployed({}, { live: undefined }),
  ['publish-version', 'smoke-test', 'create-alias'],
);
test('a missing URL makes the URL', leadsTo, deployed({}, { url: undefined, urlIsPublic: false }), [
  'create-url',
  'allow-url',
]);
test(
  'another URL auth updates the URL',
  leadsTo,
  deployed({}, { url: { auth: 'AWS_IAM', url: '', cors: undefined }, urlIsPublic: false }),
  ['update-url', 'allow-url'],
);
test('an unwanted URL deletes the URL', leadsTo, deployed(), ['delete-url'], { ...desired, url: undefined });

test(
  'other tags set the tags, those of AWS are left alone',
  leadsTo,
  deployed({}, { tags: { stage: 'qa' } }),
  ['set-tags'],
);
test('other reserved concurrency sets it', leadsTo, deployed({}, { reservedConcurrency: 5 }), [
  'set-concurrency',
]);
test('other CORS updates the URL', leadsTo, deployed(), ['update-url'], {
  ...desired,
  url: { auth: 'NONE', cors: { allowOrigins: ['https://example.org'] } },
});

test('a changed environment value is named, never shown', t => {
  const plan = planDeploy(desired, deployed({ environment: { DEPS_SOURCE: 's3', KEY: 'secret-0' } }));
  const text = JSON.stringify(plan);
  t.notRegex(text, /secret-/);
  t.regex(text, /environment KEY/);
});
