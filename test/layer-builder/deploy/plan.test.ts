/** Planning a deployment: every difference leads to its step, and no difference to none. */
import test from 'ava';
import { describeStep } from '../../../layer-builder/deploy/describe.ts';
import { planDeploy } from '../../../layer-builder/deploy/plan.ts';
import type {
  ActualFunction,
  DeployStep,
  DesiredFunction,
  FunctionSettings,
  Surroundings,
} from '../../../layer-builder/deploy/types.ts';
import { publicUrlStatements } from '../../../layer-builder/deploy/types.ts';

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
  ownRole: undefined,
  logs: undefined,
  release: { shift: [], bake: 60, alarms: [] },
};
const logGroup = '/aws/lambda/sample__dev';

function deployed(
  change: Partial<FunctionSettings> = {},
  rest: Partial<ActualFunction> = {},
): ActualFunction {
  const state = { ...settings, ...change, revisionId: 'r', logGroup };
  return {
    latest: { ...state, version: '$LATEST' },
    live: { ...state, version: '1', aliasRevisionId: 'a', weights: {} },
    url: { auth: 'NONE', url: 'http://127.0.0.1/', cors: undefined },
    publicStatements: publicUrlStatements,
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
    {
      live: {
        ...settings,
        codeSha256: 'code-0',
        version: '1',
        revisionId: 'r',
        aliasRevisionId: 'a',
        weights: {},
        logGroup,
      },
    },
  ),
  renewal,
);
test(
  'a run that stopped before the alias was made goes on from there',
  leadsTo,
  deployed({}, { live: undefined }),
  ['publish-version', 'smoke-test', 'create-alias'],
);
const around = { ownRole: { name: 'own', description: '', policy: (arn: string) => `{"for":"${arn}"}` } };
const shifted = { ...desired, release: { shift: [10, 50], bake: 30, alarms: ['errors'] } };

test('a share in steps, watched: each step, the whole, and then the alarms', t => {
  t.deepEqual(planDeploy(shifted, deployed({ memory: 128 })).steps.slice(3), [
    { kind: 'shift-alias', from: '1', percent: 10, seconds: 30 },
    { kind: 'shift-alias', from: '1', percent: 50, seconds: 30 },
    { kind: 'move-alias', from: '1' },
    { kind: 'watch-alarms', alarms: ['errors'], seconds: 30 },
  ]);
});
test('a first version has nobody to share with', t => {
  t.false(planDeploy(shifted, undefined).steps.some(({ kind }) => /shift|watch/.test(kind)));
});
test('a shift that was left half-way and is not wanted any more ends', t => {
  const { live, ...rest } = deployed();
  t.deepEqual(planDeploy(shifted, { ...rest, live: live && { ...live, weights: { 2: 0.1 } } }).steps, [
    { kind: 'end-shift', version: '1' },
  ]);
});
test('mode auto tries the S3 path before the version that is published', t => {
  const auto = { ...desired, settings: { ...settings, environment: { DEPS_SOURCE: 'auto' } } };
  t.deepEqual(
    planDeploy(auto, deployed()).steps.map(({ kind }) => kind),
    ['update-configuration', 'rehearse-s3', ...renewal] as DeployStep['kind'][],
  );
});

const standing = test.macro({
  exec(t, wanted: Partial<DesiredFunction>, found: Surroundings, kinds: readonly string[]) {
    t.deepEqual(
      planDeploy({ ...desired, ...wanted }, deployed(), found).steps.map(({ kind }) => kind),
      kinds as DeployStep['kind'][],
    );
  },
  title: (name = '') => `around the function, ${name}`,
});
const role = { arn: 'arn:1', description: '', policy: '{ "for": "arn:1" }' };
const logs = { group: logGroup, retentionDays: 30 };
test('a role that is missing is made first', standing, around, {}, ['create-role']);
test('a role as it shall be stays, however it is indented', standing, around, { role }, []);
test('another policy is set right', standing, around, { role: { ...role, policy: '{"for":"all"}' } }, [
  'update-role',
]);
test('a policy that is missing is set', standing, around, { role: { ...role, policy: undefined } }, [
  'update-role',
]);
test('a log group that is missing is made and limited', standing, { logs }, {}, [
  'create-log-group',
  'set-retention',
]);
test('another retention is set', standing, { logs }, { logGroup: { retentionDays: undefined } }, [
  'set-retention',
]);
test('the same retention stays', standing, { logs }, { logGroup: { retentionDays: 30 } }, []);
test(
  'no wish for a retention leaves the one that is there',
  standing,
  { logs: { ...logs, retentionDays: undefined } },
  { logGroup: { retentionDays: 7 } },
  [],
);

test('a missing URL makes the URL', leadsTo, deployed({}, { url: undefined, publicStatements: [] }), [
  'create-url',
  'allow-url',
]);
test(
  'another URL auth updates the URL',
  leadsTo,
  deployed({}, { url: { auth: 'AWS_IAM', url: '', cors: undefined }, publicStatements: [] }),
  ['update-url', 'allow-url'],
);
test('an unwanted URL deletes the URL', leadsTo, deployed(), ['delete-url', 'close-url'], {
  ...desired,
  url: undefined,
});

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

const authorised = { ...desired, url: { auth: 'AWS_IAM' as const, cors: undefined } };
test(
  'another auth takes back what the public was allowed',
  leadsTo,
  deployed(),
  ['update-url', 'close-url'],
  authorised,
);
test(
  'no public statement leaves nothing to take back',
  leadsTo,
  deployed({}, { url: { auth: 'AWS_IAM', url: '', cors: undefined }, publicStatements: [] }),
  [],
  authorised,
);
test(
  'a run that stopped between the two public statements is finished',
  leadsTo,
  deployed({}, { publicStatements: [publicUrlStatements[0]] }),
  ['allow-url'],
);
const { latest } = deployed();
test(
  'an update that failed makes the update again, though nothing else differs',
  leadsTo,
  deployed({}, { latest: { ...latest, failure: { isCreation: false, reason: 'no key' } } }),
  ['update-configuration'],
);

test('the loading path is shown, for it is ours', t => {
  const { steps } = planDeploy(
    { ...desired, settings: { ...settings, environment: { ...settings.environment, DEPS_SOURCE: 's3' } } },
    deployed(),
  );
  t.deepEqual(steps[0], {
    kind: 'update-configuration',
    changes: [{ setting: 'environment DEPS_SOURCE', from: 'layer', to: 's3' }],
  });
});

test('a plan of a new function says what it will be, and no value of its environment', t => {
  const [step] = planDeploy(desired, undefined).steps;
  const said = step && describeStep(step);
  t.is(
    said,
    'create function: nodejs24.x on x86_64, 512 MB, 30 s, role sample, layers arn:layer:1, environment DEPS_SOURCE KEY',
  );
  t.notRegex(JSON.stringify(step), /secret/);
});

test('a changed environment value is named, never shown', t => {
  const plan = planDeploy(desired, deployed({ environment: { DEPS_SOURCE: 's3', KEY: 'secret-0' } }));
  const text = JSON.stringify(plan);
  t.notRegex(text, /secret-/);
  t.regex(text, /environment KEY/);
});
