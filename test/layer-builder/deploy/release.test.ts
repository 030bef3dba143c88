/** A new version takes over on a real Lambda of this machine: in shares, watched, taken back, against others. */
import { createHash } from 'node:crypto';
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetRoleCommand, GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  ListVersionsByFunctionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-lambda';
import test from 'ava';
import type { CodedError } from '../../../artifact/error.ts';
import { parseLock } from '../../../artifact/lock.ts';
import { makeCaller } from '../../../layer-builder/aws/calls.ts';
import { openClients } from '../../../layer-builder/aws/clients.ts';
import { readFunction } from '../../../layer-builder/aws/function-read.ts';
import { readLogGroup } from '../../../layer-builder/aws/logs.ts';
import type { PaceClock } from '../../../layer-builder/aws/pace.ts';
import { systemClock } from '../../../layer-builder/aws/pace.ts';
import { createRole, readRole } from '../../../layer-builder/aws/roles.ts';
import { openSide } from '../../../layer-builder/aws/side-access.ts';
import { fileOf } from '../../../layer-builder/build/file.ts';
import { writeZip } from '../../../layer-builder/build/zip.ts';
import type { ApplyOptions, DeployAccess } from '../../../layer-builder/deploy/apply.ts';
import { applyDeploy } from '../../../layer-builder/deploy/apply.ts';
import { followEvents } from '../../../layer-builder/deploy/logs.ts';
import { planDeploy } from '../../../layer-builder/deploy/plan.ts';
import { requireQuiet } from '../../../layer-builder/deploy/release.ts';
import { ownRole } from '../../../layer-builder/deploy/role.ts';
import { destroyStage, readStage, rollbackStage } from '../../../layer-builder/deploy/stages.ts';
import type { DesiredFunction } from '../../../layer-builder/deploy/types.ts';
import { deployerPolicy, roleMakerPolicy } from '../../../layer-builder/report/deploy-policies.ts';
import { type Bench, invoke, openBench } from '../../local-aws/support.ts';

const region = 'us-east-1';
let bench: Bench;
let client: { endpoint: string; region: string; credentials: Bench['aws']['credentials'] };
let aws: DeployAccess & { close(): void };
/** IAM's name of every call that the tests made. */
const used = new Set<string>();
test.before(async () => {
  bench = await openBench({ sandbox: 'process' });
  client = { endpoint: bench.aws.endpoint, region, credentials: bench.aws.credentials };
  const env = {
    AWS_ENDPOINT_URL: bench.aws.endpoint,
    AWS_ACCESS_KEY_ID: client.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: client.credentials.secretAccessKey,
  };
  const clients = await openClients(env, region);
  // Many deployments run at once here: without the pace of one account.
  const caller = makeCaller(clients, { pace: async () => {} });
  const call: DeployAccess['call'] = (about, send) => {
    used.add(about.action);
    return caller(about, send);
  };
  aws = { lambda: clients.lambda, call, side: { ...openSide(clients, env), call }, close: clients.close };
});
test.after.always(async () => {
  aws?.close();
  await bench?.[Symbol.asyncDispose]();
});

/** Answers with its name, or throws when asked to. */
const code = (name: string) =>
  `export const handler = async event => { if (event.fail) throw new Error('asked to'); return { statusCode: 200, body: '${name}' }; };`;

async function wanted(name: string, source: string, change: Partial<DesiredFunction> = {}) {
  const zip = await writeZip([fileOf('index.mjs', source)]);
  const desired: DesiredFunction = {
    ...{
      name,
      url: undefined,
      tags: {},
      reservedConcurrency: undefined,
      ownRole: undefined,
      logs: undefined,
    },
    settings: {
      codeSha256: createHash('sha256').update(zip).digest('base64'),
      ...{ runtime: 'nodejs24.x', architecture: 'x86_64', handler: 'index.handler', memory: 512, timeout: 5 },
      ...{
        tmp: 512,
        role: 'arn:aws:iam::000000000000:role/test',
        environment: {},
        layers: [],
        tracing: 'Active',
      },
    },
    release: { shift: [], bake: 1, alarms: [] },
    ...change,
  };
  return { desired, zip };
}

async function deploy(
  { desired, zip }: Awaited<ReturnType<typeof wanted>>,
  options: Partial<ApplyOptions> = {},
  access: DeployAccess = aws,
) {
  const actual = await readFunction(access, desired.name);
  const role = desired.ownRole && (await readRole(access.side, desired.ownRole.name));
  const logGroup = desired.logs && (await readLogGroup(access.side, desired.logs.group));
  const settings = { ...desired.settings, role: role?.arn ?? desired.settings.role };
  const around = { role, logGroup };
  const plan = planDeploy({ ...desired, settings }, actual, around);
  const steps = plan.steps.map(({ kind }) => kind);
  const all = { zip, smokePaths: [], progress: () => {}, ...options };
  return { steps, ...(await applyDeploy(access, plan, { ...desired, settings }, actual, around, all)) };
}

async function live(name: string) {
  const alias = await bench.lambda.send(new GetAliasCommand({ FunctionName: name, Name: 'live' }));
  const weights = alias.RoutingConfig?.AdditionalVersionWeights ?? {};
  return { version: alias.FunctionVersion, weights, description: alias.Description };
}

/** Time that passes at once; what happens in it is the test's. */
function clockOf(act: () => Promise<unknown>): PaceClock {
  let now = 0;
  return {
    now: () => now,
    async sleep(ms, signal) {
      now += ms;
      await act();
      signal?.throwIfAborted();
    },
  };
}

async function putAlarm(name: string, of: string): Promise<void> {
  const cloudwatch = new CloudWatchClient(client);
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName: name, Namespace: 'AWS/Lambda', MetricName: 'Errors', Statistic: 'Sum', Period: 60 },
      ...{ EvaluationPeriods: 1, Threshold: 0, ComparisonOperator: 'GreaterThanThreshold' },
      Dimensions: [{ Name: 'FunctionName', Value: of }],
    }),
  );
}

const shift = { shift: [10, 50], bake: 20, alarms: [] as string[] };

test('a version takes over in the shares asked for, and the one before is remembered', async t => {
  await deploy(await wanted('shares', code('one')));
  const seen: unknown[] = [];
  const clock = clockOf(async () => seen.push((await live('shares')).weights));
  const done = await deploy(await wanted('shares', code('two'), { release: shift }), {}, { ...aws, clock });
  t.deepEqual(seen, [{ 2: 0.1 }, { 2: 0.5 }]);
  t.is(done.version, '2');
  t.deepEqual(await live('shares'), { version: '2', weights: {}, description: 'layer-builder previous=1' });
});

test('an alarm that goes off gives all calls back, without anybody, and says so', async t => {
  await deploy(await wanted('alarmed', code('one')));
  await deploy(await wanted('alarmed', code('two')));
  await putAlarm('alarmed errors', 'alarmed');
  let asked = 0;
  const clock = clockOf(async () => {
    // Half-way through the second share the new version begins to fail.
    if (++asked === 6) await invoke(bench.lambda, 'alarmed', { fail: true }, '3');
  });
  const release = { ...shift, alarms: ['alarmed errors'] };
  const next = await wanted('alarmed', code('three'), { release });
  const error = await t.throwsAsync<CodedError>(deploy(next, {}, { ...aws, clock }));
  t.is(error?.code, 'ALARM_RAISED');
  t.regex(
    error?.message ?? '',
    /alarmed errors: Threshold Crossed.*; version 2 is live again with all calls/,
  );
  t.is(error?.details['rolledBackTo'], '2');
  t.is(asked, 6, 'nothing is waited for afterwards');
  t.deepEqual(await live('alarmed'), { version: '2', weights: {}, description: 'layer-builder previous=1' });
});

test('an alarm that goes off after the last share brings the version before back, and forgets what was none', async t => {
  await deploy(await wanted('late', code('one')));
  await putAlarm('late errors', 'late');
  const clock = clockOf(async () => {
    t.is((await live('late')).version, '2');
    await invoke(bench.lambda, 'late', { fail: true }, 'live');
  });
  const release = { shift: [], bake: 10, alarms: ['late errors'] };
  const next = await wanted('late', code('two'), { release });
  const error = await t.throwsAsync<CodedError>(deploy(next, {}, { ...aws, clock }));
  t.is(error?.code, 'ALARM_RAISED');
  t.deepEqual(await live('late'), { version: '1', weights: {}, description: '' });
});

test('a version that stops answering while it has a share is taken back', async t => {
  await deploy(await wanted('dying', code('one')));
  const source = `import { existsSync } from 'node:fs'; export const handler = async () => ({ statusCode: existsSync('${bench.data}/dead') ? 500 : 200 });`;
  const { writeFileSync } = await import('node:fs');
  const clock = clockOf(async () => writeFileSync(`${bench.data}/dead`, ''));
  const next = await wanted('dying', source, { release: shift });
  const error = await t.throwsAsync<CodedError>(deploy(next, { smokePaths: ['/'] }, { ...aws, clock }));
  t.is(error?.code, 'SMOKE_FAILED');
  t.deepEqual(await live('dying'), { version: '1', weights: {}, description: '' });
});

test('stopped while it has a share: the calls are given back, and that is said', async t => {
  await deploy(await wanted('stopped', code('one')));
  const stop = new AbortController();
  const clock = clockOf(async () => stop.abort());
  const next = await wanted('stopped', code('two'), { release: shift });
  const error = await t.throwsAsync<CodedError>(deploy(next, { signal: stop.signal }, { ...aws, clock }));
  t.is(error?.code, 'INTERRUPTED');
  t.regex(error?.message ?? '', /version 1 is live again/);
  t.deepEqual((await live('stopped')).weights, {});
});

test('alarms are asked before anything is changed: one that is missing or has gone off stops the deployment', async t => {
  await putAlarm('asked', 'nobody');
  await t.notThrowsAsync(requireQuiet(aws.side, ['asked']));
  const missing = await t.throwsAsync<CodedError>(requireQuiet(aws.side, ['asked', 'nowhere']));
  t.is(missing?.code, 'NOT_FOUND');
  t.deepEqual(missing?.details, { missing: ['nowhere'] });
  const set = { AlarmName: 'asked', StateValue: 'ALARM', StateReason: 'by hand' } as const;
  await new CloudWatchClient(client).send(new SetAlarmStateCommand(set));
  const raised = await t.throwsAsync<CodedError>(requireQuiet(aws.side, ['asked']));
  t.is(raised?.code, 'ALARM_RAISED');
  t.regex(raised?.message ?? '', /before the deployment began .*asked: by hand/);
});

for (const [when, action] of [
  ['before it publishes', 'lambda:PublishVersion'],
  ['before it moves the alias', 'lambda:UpdateAlias'],
] as const) {
  test(`two deployments at once, the second one ${when}: one wins, the other is told, and takes nothing back`, async t => {
    const name = `race-${action.slice(7)}`;
    await deploy(await wanted(name, code('one')));
    const second = await wanted(name, code('second'));
    let raced = false;
    const call: DeployAccess['call'] = async (about, send) => {
      if (about.action === action && !raced) {
        raced = true;
        await deploy(second);
      }
      return aws.call(about, send);
    };
    const first = await wanted(name, code('first'), { release: shift });
    const error = await t.throwsAsync<CodedError>(deploy(first, {}, { ...aws, call }));
    t.is(error?.code, 'DEPLOY_CONFLICT');
    t.is(((await invoke(bench.lambda, name, {}, 'live')).value as { body: string }).body, 'second');
    t.deepEqual((await live(name)).weights, {});
  });
}

test('a shift that was killed half-way is seen, ended by a rollback, or taken up by the next deployment', async t => {
  await deploy(await wanted('killed', code('one')));
  await deploy(await wanted('killed', code('two')));
  const leave = (version: string) =>
    bench.lambda.send(
      new UpdateAliasCommand({
        ...{ FunctionName: 'killed', Name: 'live' },
        RoutingConfig: { AdditionalVersionWeights: { [version]: 0.25 } },
      }),
    );
  await leave('1');
  t.deepEqual((await readStage(aws, 'killed')).shifting, { version: '1', percent: 25 });
  const back = await rollbackStage(aws, 'killed', undefined, []);
  t.deepEqual([back.from, back.to], ['1', '2']);
  t.deepEqual(await live('killed'), { version: '2', weights: {}, description: 'layer-builder previous=1' });
  await leave('1');
  t.deepEqual((await deploy(await wanted('killed', code('two')))).steps, ['end-shift']);
  t.deepEqual((await live('killed')).weights, {});
});

for (const [outcome, status] of [
  ['answers: it leaves no version behind', 200],
  ['fails: nothing is made live', 503],
] as const) {
  test(`in mode auto the S3 path is tried cold first; it ${outcome}`, async t => {
    const name = `auto-${status}`;
    const source = `export const handler = async () => ({ statusCode: process.env.DEPS_SOURCE === 's3' ? ${status} : 200 });`;
    const { desired, zip } = await wanted(name, source);
    const settings = { ...desired.settings, environment: { DEPS_SOURCE: 'auto' } };
    const run = deploy({ desired: { ...desired, settings }, zip }, { smokePaths: ['/'] });
    if (status === 200) t.is((await run).version, '2');
    else t.is((await t.throwsAsync<CodedError>(run))?.code, 'SMOKE_FAILED');
    const { Versions = [] } = await bench.lambda.send(
      new ListVersionsByFunctionCommand({ FunctionName: name }),
    );
    t.deepEqual(
      Versions.map(({ Version }) => Version),
      status === 200 ? ['$LATEST', '2'] : ['$LATEST'],
    );
    if (status !== 200) return;
    const latest = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    t.deepEqual(latest.Environment?.Variables, { DEPS_SOURCE: 'auto' });
  });
}

test('a dry run of rollback and destroy says what would be done, and does nothing', async t => {
  await deploy(await wanted('dry', code('one')));
  await deploy(await wanted('dry', code('two')));
  const back = await rollbackStage(aws, 'dry', undefined, ['/'], true);
  t.deepEqual(back, { functionName: 'dry', dryRun: true, from: '2', to: '1', smoke: [] });
  const gone = await destroyStage(aws, 'dry', region, true);
  t.like(gone, { dryRun: true, found: true, deleted: false });
  t.is((await live('dry')).version, '2');
});

test('stopped at a call, where the signal gives its name as the reason: the share is taken back, and that is said', async t => {
  await deploy(await wanted('cut', code('one')));
  const stop = new AbortController();
  let invoked = 0;
  const call: DeployAccess['call'] = async (about, send) => {
    stop.signal.throwIfAborted();
    if (about.action === 'lambda:InvokeFunction' && ++invoked === 2) stop.abort('SIGINT');
    return aws.call(about, send);
  };
  const access = { ...aws, call, clock: clockOf(async () => {}), lasting: aws };
  const next = await wanted('cut', code('two'), { release: shift });
  const error = await t.throwsAsync<CodedError>(
    deploy(next, { smokePaths: ['/'], signal: stop.signal }, access),
  );
  t.is(error?.code, 'INTERRUPTED');
  t.regex(error?.message ?? '', /^stopped; version 1 is live again/);
  t.deepEqual((await live('cut')).weights, {});
});

test('killed after a change, every second one: the next run ends where an undisturbed one ends', async t => {
  const name = 'killed-anywhere';
  const auto = async (text: string) => {
    const made = await wanted(name, code(text), { release: { shift: [10], bake: 1, alarms: [] } });
    const settings = { ...made.desired.settings, environment: { DEPS_SOURCE: 'auto' } };
    return { ...made, desired: { ...made.desired, settings } };
  };
  const clock = clockOf(async () => {});
  const smokePaths = ['/'];
  await deploy(await auto('first'), { smokePaths }, { ...aws, clock });
  let kills = 0;
  for (let isKilled = true; isKilled; kills += 2) {
    isKilled = false;
    let left = kills;
    const call: DeployAccess['call'] = async (about, send) => {
      if (isKilled) throw new Error('killed');
      const answer = await aws.call(about, send);
      isKilled = !/:(Get|List|Describe)/.test(about.action) && left-- === 0;
      return answer;
    };
    const next = await auto(`kill ${kills}`);
    await deploy(next, { smokePaths }, { ...aws, clock, call }).catch(() => {});
    await deploy(next, { smokePaths }, { ...aws, clock });
    t.deepEqual((await deploy(next)).steps, [], `after change ${kills}`);
    t.like((await invoke(bench.lambda, name, {}, 'live')).value, { body: `kill ${kills}` });
  }
  t.true(kills > 10, `${kills} changes`);
  t.deepEqual((await live(name)).weights, {});
  const { Versions = [] } = await bench.lambda.send(
    new ListVersionsByFunctionCommand({ FunctionName: name }),
  );
  t.deepEqual(
    Versions.filter(({ Environment }) => Environment?.Variables?.['DEPS_SOURCE'] === 's3'),
    [],
    'no rehearsal is left behind',
  );
});

const lock = parseLock(
  JSON.stringify({
    ...{ formatVersion: 1, service: 'roles', runtime: 'nodejs24.x', architecture: 'x86_64' },
    artifacts: [
      {
        ...{ name: 'core', load: 'eager', size: 1, unpackedSize: 1, files: 1, packages: [] },
        ...{ digest: `sha256:${'a'.repeat(64)}`, tree: `sha256:${'b'.repeat(64)}` },
        s3: { key: `team/sha256/${'a'.repeat(64)}.zip` },
        published: {
          [region]: {
            bucket: 'artifacts',
            layerVersionArn: `arn:aws:lambda:${region}:000000000000:layer:l:1`,
          },
        },
      },
    ],
  }),
);

test('a role is made when asked, with the least; it converges, and goes with the function', async t => {
  const name = 'roles__dev';
  const logGroup = `/aws/lambda/${name}`;
  const environment = { KEY: '${ssm:/roles/key}' };
  const own = ownRole({ functionName: name, region, lock, logGroup, environment, isTraced: true });
  const logs = { group: logGroup, retentionDays: 14 };
  const given = await wanted(name, code('one'), { ownRole: own, logs });
  const first = await deploy(given);
  t.deepEqual(first.steps.slice(0, 4), [
    'create-role',
    'create-log-group',
    'set-retention',
    'create-function',
  ]);
  const { Role: role } = await bench.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  t.is(role, `arn:aws:iam::000000000000:role/${name}__${region}`);
  const iam = new IAMClient(client);
  const at = { RoleName: own.name, PolicyName: 'layer-builder' };
  const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand(at));
  const statements = JSON.parse(decodeURIComponent(PolicyDocument)).Statement as {
    Action: string[];
    Resource: string[];
  }[];
  t.deepEqual(
    statements.map(({ Action, Resource }) => [Action, Resource]),
    [
      [['s3:GetObject', 's3:GetObjectVersion'], ['arn:aws:s3:::artifacts/team/sha256/*']],
      [
        ['logs:CreateLogStream', 'logs:PutLogEvents'],
        [`arn:aws:logs:${region}:000000000000:log-group:${logGroup}:*`],
      ],
      [['ssm:GetParameter'], [`arn:aws:ssm:${region}:000000000000:parameter/roles/key`]],
      [['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']],
    ],
  );
  t.deepEqual((await deploy(given)).steps, []);
  const wide = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';
  await iam.send(new PutRolePolicyCommand({ ...at, PolicyDocument: wide }));
  t.deepEqual((await deploy(given)).steps, ['update-role']);
  t.is((await iam.send(new GetRolePolicyCommand(at))).PolicyDocument, PolicyDocument);
  await invoke(bench.lambda, name, {}, 'live');
  const watched = followEvents(
    aws.side,
    { group: logGroup, since: 0, pattern: 'REPORT' },
    new AbortController().signal,
  );
  t.is((await watched.next()).value?.length, 1, 'the role may write its log');
  await watched.return(undefined);
  const { logGroups } = await new CloudWatchLogsClient(client).send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroup }),
  );
  t.is(logGroups?.[0]?.retentionInDays, 14);
  const gone = await destroyStage(aws, name, region);
  t.deepEqual(gone, {
    ...{ functionName: name, dryRun: false, found: true, deleted: true },
    ...{ role: own.name, logGroup },
  });
  await t.throwsAsync(iam.send(new GetRoleCommand({ RoleName: own.name })), {
    name: 'NoSuchEntityException',
  });
  await createRole(aws.side, own.name, own.description);
  const again = await destroyStage(aws, name, region);
  t.like(again, { found: false, deleted: false, role: own.name }, 'what a stopped run left goes too');
});

test('a log is followed event by event, each once, until it is stopped', async t => {
  await deploy(await wanted('followed', code('one')));
  const stop = new AbortController();
  let left = 3;
  const clock: PaceClock = {
    now: systemClock.now,
    sleep: async () => void (left-- > 0 ? await invoke(bench.lambda, 'followed', {}, 'live') : stop.abort()),
  };
  const query = { group: '/aws/lambda/followed', since: Date.now() - 60_000, pattern: '"START RequestId"' };
  const ids: string[] = [];
  for await (const events of followEvents(aws.side, query, stop.signal, clock))
    ids.push(...events.map(({ id }) => id));
  t.is(ids.length, 3);
  t.is(new Set(ids).size, 3);
});

test.after(
  'the policies of deployer and role maker cover every call of these tests, and no more than a deployment has',
  t => {
    const facts = {
      buckets: [],
      prefix: '',
      regions: [region],
      layerNames: ['l'],
      account: '*',
      service: 's',
    };
    const actions = [deployerPolicy(facts), roleMakerPolicy(facts)].flatMap(({ Statement }) =>
      Statement.flatMap(({ Action }) => Action),
    );
    t.deepEqual(
      [...used].filter(action => !actions.includes(action)),
      [],
    );
  },
);
