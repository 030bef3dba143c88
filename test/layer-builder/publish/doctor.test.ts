/** doctor: what it finds, and policies that are enough and no more. */
import test from 'ava';
import { diagnose } from '../../../layer-builder/plan/doctor.ts';
import type { DoctorFacts, Fact, Severity } from '../../../layer-builder/plan/findings.ts';
import { publishProject } from '../../../layer-builder/publish/index.ts';
import { deployerPolicy } from '../../../layer-builder/report/deploy-policies.ts';
import type { Policy } from '../../../layer-builder/report/policies.ts';
import {
  bucketPolicy,
  collectorPolicy,
  functionPolicy,
  inspectorPolicy,
  publisherPolicy,
} from '../../../layer-builder/report/policies.ts';
import { runCommand } from '../cli/run.ts';
import { allows, needsOf } from './iam.ts';
import { lockOf, makeProject } from './project.ts';
import type { World } from './world.ts';
import { account, region, startWorld } from './world.ts';

let world: World;
test.before(async () => {
  world = await startWorld();
});
test.after.always(async () => {
  await world?.close();
});
test.afterEach.always(() => world?.proxy.reset());

const known = <Value>(value: Value): Fact<Value> => ({ known: true, value });
const good: DoctorFacts = {
  ...{ region: 'us-east-1', bucket: 'b', prefix: '', now: new Date('2026-11-23T00:00:00Z') },
  clockSkewMs: known(0),
  bucketRegion: known('us-east-1'),
  versioning: known('Enabled'),
  publicAccessBlocked: known(true),
  policy: known(JSON.stringify(bucketPolicy('b', '', 'us-east-1'))),
  lifecycle: known([]),
  uploads: known([]),
  functions: known([]),
};
const rule = { id: 'r', enabled: true, prefix: '', expires: true, archives: false, abortsUploads: false };
const writeOnce = bucketPolicy('b', '', 'us-east-1').Statement[0];
const policyWith = (more: object) => known(JSON.stringify({ Statement: [{ ...writeOnce, ...more }] }));
const fn = { name: 'f', runtime: 'nodejs24.x', missingLayers: [], codeSigning: known('Enforce') };

const rows: readonly [
  title: string,
  facts: Partial<DoctorFacts>,
  check: string,
  severity: Severity,
  hint: RegExp,
][] = [
  ['D26 a bucket that is not versioned', { versioning: known('') }, 'versioning', 'warn', /turn it on/],
  [
    'D26 a bucket that may be public',
    { publicAccessBlocked: known(false) },
    'public access',
    'warn',
    /Block Public Access/,
  ],
  [
    'D26 a bucket without the if-none-match policy, with the policy text',
    { policy: known('') },
    'write once',
    'warn',
    /"s3:if-none-match":"true"/,
  ],
  [
    'D26 the if-none-match policy for another prefix',
    { policy: policyWith({ Resource: ['arn:aws:s3:::b/logs/*'] }) },
    'write once',
    'warn',
    /"s3:if-none-match":"true"/,
  ],
  [
    'D26 the if-none-match policy as an Allow',
    { policy: policyWith({ Effect: 'Allow' }) },
    'write once',
    'warn',
    /Deny/,
  ],
  [
    'D26 the if-none-match policy for one principal only',
    { policy: policyWith({ Principal: { AWS: 'arn:aws:iam::123456789012:role/ci' } }) },
    'write once',
    'warn',
    /Deny/,
  ],
  [
    'D26 the if-none-match policy without the records',
    { policy: policyWith({ Resource: 'arn:aws:s3:::b/sha256/*' }) },
    'write once',
    'warn',
    /releases/,
  ],
  [
    'a lifecycle rule that archives live objects',
    { lifecycle: known([{ ...rule, expires: false, archives: true }]) },
    'lifecycle',
    'fail',
    /transition/,
  ],
  [
    'D26 code signing absent',
    { functions: known([{ ...fn, codeSigning: known('absent') }]) },
    'code signing of f',
    'warn',
    /signed function package/,
  ],
  [
    'D26 code signing that only warns',
    { functions: known([{ ...fn, codeSigning: known('Warn') }]) },
    'code signing of f',
    'warn',
    /signed function package/,
  ],
  [
    'D10 interrupted multipart uploads',
    { uploads: known(['a', 'b']) },
    'multipart uploads',
    'warn',
    /AbortIncompleteMultipartUpload/,
  ],
  [
    'D17 a function with a deleted layer version',
    { functions: known([{ ...fn, missingLayers: ['arn:x:1'] }]) },
    'layers of f',
    'fail',
    /rollback/,
  ],
  [
    'a lifecycle rule over everything that deletes live objects',
    { lifecycle: known([rule]) },
    'lifecycle',
    'fail',
    /layer-builder gc/,
  ],
  [
    'a lifecycle rule below sha256/',
    { lifecycle: known([{ ...rule, prefix: 'sha256/ab' }]) },
    'lifecycle',
    'fail',
    /noncurrent/,
  ],
  ['a clock five minutes off', { clockSkewMs: known(300_000) }, 'clock', 'warn', /NTP/],
  ['a clock twenty minutes off', { clockSkewMs: known(-1_200_000) }, 'clock', 'fail', /NTP/],
  [
    'a bucket in another region',
    { bucketRegion: known('eu-west-1') },
    'bucket region',
    'fail',
    /-\{region\}/,
  ],
  [
    'a runtime that is no longer supported',
    { functions: known([{ ...fn, runtime: 'nodejs18.x' }]) },
    'runtime of f',
    'fail',
    /nodejs24/,
  ],
  [
    'a runtime near its end',
    { functions: known([{ ...fn, runtime: 'nodejs22.x' }]) },
    'runtime of f',
    'warn',
    /nodejs24/,
  ],
];

for (const [title, facts, check, severity, hint] of rows) {
  test(`doctor finds ${title}`, t => {
    const finding = diagnose({ ...good, ...facts }).find(finding => finding.check === check);
    t.is(finding?.severity, severity);
    t.regex(finding?.hint ?? '', hint);
  });
}

for (const resource of ['arn:aws:s3:::b/*', 'arn:aws:s3:::b/sha256/*,arn:aws:s3:::b/releases/*', '*']) {
  test(`doctor takes a write-once policy for ${resource}`, t => {
    const policy = policyWith({
      Resource: resource.split(','),
      Action: 's3:Put*',
      Principal: { AWS: ['*'] },
    });
    t.like(
      diagnose({ ...good, policy }).find(({ check }) => check === 'write once'),
      { severity: 'ok' },
    );
    // as in AWS's own example
    const Condition = { ...writeOnce?.Condition, Bool: { 's3:ObjectCreationOperation': 'true' } };
    const example = diagnose({ ...good, policy: policyWith({ Condition }) });
    t.like(
      example.find(({ check }) => check === 'write once'),
      { severity: 'ok' },
    );
  });
}

test('what fails because of endpoint, credentials or bucket is told once', t => {
  const failing = (code: string) => {
    const fact = { known: false, severity: 'fail', code, message: 'm', hint: 'h' } as const;
    return { ...good, bucketRegion: fact, versioning: fact, policy: fact, functions: fact };
  };
  const failures = (facts: DoctorFacts) =>
    diagnose(facts).flatMap(({ check, severity }) => (severity === 'ok' ? [] : [check]));
  t.deepEqual(failures(failing('ENDPOINT_UNREACHABLE')), ['endpoint']);
  t.deepEqual(failures(failing('CREDENTIALS_REJECTED')), ['credentials']);
  t.deepEqual(failures(failing('BUCKET_NOT_FOUND')), ['bucket']);
  t.deepEqual(failures(failing('ACCESS_DENIED')), ['bucket region', 'versioning', 'write once', 'functions']);
  t.deepEqual(
    diagnose(good)
      .slice(0, 3)
      .map(({ check, severity }) => [check, severity]),
    [
      ['endpoint', 'ok'],
      ['credentials', 'ok'],
      ['bucket', 'ok'],
    ],
  );
});

test('doctor has nothing to say against a good bucket, nor against rules elsewhere', t => {
  const elsewhere = known([
    { ...rule, prefix: 'logs/' },
    { ...rule, enabled: false },
  ]);
  const facts = { ...good, lifecycle: elsewhere, functions: known([fn]) };
  t.deepEqual(
    diagnose(facts).filter(({ severity }) => severity !== 'ok'),
    [],
  );
});

test.serial(
  'doctor over the wire: a good world has no failure, a function with a deleted layer has',
  async t => {
    const bucket = 'bucket-doctor';
    await world.makeBucket(bucket);
    const project = await makeProject({ service: 'doctor', config: { bucket } });
    await publishProject(project, {}, world.env);
    const doctor = () => runCommand(['doctor', '--project', project], world.env);
    const first = await doctor();
    t.is(first.status, 0, first.text);
    t.is(
      first.data.regions[0].findings.find(({ check }: { check: string }) => check === 'versioning').severity,
      'ok',
    );
    const { CreateFunctionCommand, DeleteLayerVersionCommand } = await import('@aws-sdk/client-lambda');
    const { fileOf } = await import('../../../layer-builder/build/file.ts');
    const { writeZip } = await import('../../../layer-builder/build/zip.ts');
    const ZipFile = await writeZip([fileOf('index.mjs', 'export const handler = () => {};')]);
    const Layers = [lockOf(project).artifacts[0]?.published[region]?.layerVersionArn ?? ''];
    await world.direct.lambda.send(
      new CreateFunctionCommand({
        ...{
          FunctionName: 'doctor__dev',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Code: { ZipFile },
          Layers,
        },
        Role: 'arn:aws:iam::000000000000:role/test',
      }),
    );
    await world.direct.lambda.send(
      new DeleteLayerVersionCommand({ LayerName: 'doctor-core', VersionNumber: 1 }),
    );
    const second = await doctor();
    t.is(second.status, 1);
    t.regex(second.text, /fail +layers of doctor__dev .*which was deleted/);
  },
);

test.serial(
  'doctor names a missing permission, wrong credentials and a bucket that is not there',
  async t => {
    const project = await makeProject({ service: 'sick' });
    const doctor = (bucket: string, env: Record<string, string> = {}) =>
      runCommand(['doctor', '--bucket', bucket, '--project', project], { ...world.env, ...env });
    const messages = ({ data }: { data: { regions: { findings: { message: string }[] }[] } }) =>
      JSON.stringify(data.regions[0]?.findings);
    t.regex(messages(await doctor('not-there')), /BUCKET_NOT_FOUND/);
    t.regex(
      messages(await doctor('not-there', { AWS_SECRET_ACCESS_KEY: 'wrong-secret' })),
      /CREDENTIALS_REJECTED/,
    );
    await world.makeBucket('bucket-sick');
    world.proxy.script = ({ action }) =>
      action === 's3:GET versioning' ? { kind: 'answer', status: 403, code: 'AccessDenied' } : undefined;
    t.regex(
      messages(await doctor('bucket-sick')),
      /ACCESS_DENIED: not allowed: s3:GetBucketVersioning on s3:\/\/bucket-sick/,
    );
  },
);

const facts = {
  buckets: ['b'],
  prefix: 'p/',
  regions: ['eu-west-1'],
  layerNames: ['svc-core'],
  service: 'svc',
  account: '123456789012',
};

function every(policy: Policy): { action: string; resource: string }[] {
  return policy.Statement.flatMap(({ Action, Resource }) =>
    Action.flatMap(action => Resource.map(resource => ({ action, resource }))),
  );
}

test('E25 the function may get objects below sha256/ and their versions, and nothing else', t => {
  t.deepEqual(every(functionPolicy(facts)), [
    { action: 's3:GetObject', resource: 'arn:aws:s3:::b/p/sha256/*' },
    { action: 's3:GetObjectVersion', resource: 'arn:aws:s3:::b/p/sha256/*' },
  ]);
});

test('E25 no policy has a wildcard action; only ListFunctions, which knows no resources, has a bare one', t => {
  for (const { action, resource } of [publisherPolicy, collectorPolicy, inspectorPolicy]
    .map(make => make(facts))
    .flatMap(every)) {
    t.false(action.includes('*'));
    if (action !== 'lambda:ListFunctions')
      t.regex(
        resource,
        /^arn:aws:(?:s3:::b|lambda:eu-west-1:123456789012:(?:layer:svc-core|function:|code-signing-config:))/,
      );
  }
});

const { publisher, deployer, collector, inspector } = {
  deployer: deployerPolicy(facts),
  publisher: publisherPolicy(facts),
  collector: collectorPolicy(facts),
  inspector: inspectorPolicy(facts),
};

const layer = 'arn:aws:lambda:eu-west-1:123456789012:layer:svc-core';
const stage = 'arn:aws:lambda:eu-west-1:123456789012:function:svc__prod';

const denied: readonly [who: string, policies: readonly Policy[], action: string, resource: string][] = [
  ['the function', [functionPolicy(facts)], 's3:ListBucket', 'arn:aws:s3:::b'],
  ['the function', [functionPolicy(facts)], 's3:PutObject', 'arn:aws:s3:::b/p/sha256/0.zip'],
  ['the function', [functionPolicy(facts)], 's3:GetObject', 'arn:aws:s3:::b/p/releases/r.json'],
  ['the function', [functionPolicy(facts)], 's3:GetObject', 'arn:aws:s3:::b/other/sha256/0.zip'],
  ['the function', [functionPolicy(facts)], 's3:GetObject', 'arn:aws:s3:::bb/p/sha256/0.zip'],
  ['the publisher', [publisher], 's3:PutObject', 'arn:aws:s3:::b/other/sha256/0.zip'],
  ['the publisher', [publisher], 's3:DeleteObject', 'arn:aws:s3:::b/p/sha256/0.zip'],
  ['the publisher', [publisher], 's3:PutBucketPolicy', 'arn:aws:s3:::b'],
  ['the publisher', [publisher], 'lambda:DeleteLayerVersion', `${layer}:1`],
  ['the publisher', [publisher], 'lambda:PublishLayerVersion', `${layer}-other`],
  ['the publisher', [publisher], 'lambda:RemoveLayerVersionPermission', `${layer}:1`],
  ['the publisher', [publisher], 'lambda:UpdateFunctionCode', stage],
  ['the deployer', [publisher, deployer], 'lambda:UpdateFunctionCode', stage.replace('svc__', 'other__')],
  ['the deployer', [publisher, deployer], 'lambda:DeleteLayerVersion', `${layer}:1`],
  ['the deployer', [publisher, deployer], 's3:DeleteObject', 'arn:aws:s3:::b/p/sha256/0.zip'],
  ['the deployer', [publisher, deployer], 'iam:CreateRole', 'arn:aws:iam::123456789012:role/svc__prod'],
  ['the collector', [publisher, collector], 's3:DeleteObject', 'arn:aws:s3:::b/p/channels/prod.json'],
  ['the collector', [publisher, collector], 's3:DeleteObjectVersion', 'arn:aws:s3:::b/p/sha256/0.zip'],
  ['the collector', [publisher, collector], 'lambda:DeleteFunction', stage],
  ['the inspector', [inspector], 's3:PutLifecycleConfiguration', 'arn:aws:s3:::b'],
];

for (const [who, policies, action, resource] of denied) {
  test(`E25 ${who} may not ${action} on ${resource}`, t => {
    t.false(allows(policies, { action, resource }));
  });
}

test.serial('E25 the policies cover every call of the commands they are for', async t => {
  const bucket = 'bucket-calls';
  await world.makeBucket(bucket);
  const app = 'export const handler = async () => ({ statusCode: 200, body: "" });\n';
  const config = { bucket, prefix: 'p' };
  const project = await makeProject({ service: 'calls', config, app });
  const run = async (...argv: string[]) =>
    t.is((await runCommand([...argv, '--project', project], world.env)).status, 0, argv.join(' '));
  const own = { ...facts, buckets: [bucket], regions: [region], layerNames: ['calls-core'] };
  const ours = { ...own, service: 'calls', account };
  const uncovered = (...policies: Policy[]) => {
    const needs = world.proxy.calls.flatMap(call => needsOf(call, account));
    world.proxy.reset();
    return needs.filter(need => !allows(policies, need));
  };
  world.proxy.reset();
  await run('publish', '--channel', 'dev', '--share', 'public');
  t.deepEqual(uncovered(publisherPolicy(ours)), []);
  await run('promote', 'dev', '--to', 'qa', '--channel-only');
  await run('list');
  await run('diff', 'dev', 'qa');
  t.deepEqual(uncovered(publisherPolicy(ours)), []);

  await run('deploy', '--stage', 'prod');
  await run('promote', 'dev', '--to', 'prod');
  await makeProject({ service: 'calls', config, app: `${app}//`, artifacts: [{ content: 'two' }] }, project);
  await run('publish', '--channel', 'dev', '--share', 'public');
  world.proxy.reset();
  await run('promote', 'dev', '--to', 'prod');
  await run('rollback', '--channel', 'prod');
  t.deepEqual(uncovered(publisherPolicy(ours), deployerPolicy(ours)), []);

  await run('status');
  await run('gc', '--keep', '0', '--grace-hours', '0', '--apply');
  t.deepEqual(uncovered(publisherPolicy(ours), collectorPolicy(ours)), []);
  await run('doctor');
  t.deepEqual(uncovered(publisherPolicy(ours), collectorPolicy(ours), inspectorPolicy(ours)), []);
});

test('policies of China and GovCloud name their own partition', t => {
  t.regex(JSON.stringify(functionPolicy({ ...facts, regions: ['cn-north-1'] })), /arn:aws-cn:s3/);
  t.regex(JSON.stringify(functionPolicy({ ...facts, regions: ['us-gov-west-1'] })), /arn:aws-us-gov:s3/);
});

test('--policies asks AWS nothing', async t => {
  const project = await makeProject({ service: 'offline' });
  const argv = ['doctor', '--policies', '--bucket', 'some-bucket', '--project', project];
  const run = await runCommand(argv, { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
  t.deepEqual(Object.keys(run.data.policies), [
    'function',
    'publisher',
    'collector',
    'inspector',
    'deployer',
    'roleMaker',
    'buckets',
  ]);
  t.is(run.status, 0);
});

test.serial('gc warns of a lifecycle rule that deletes what it keeps', async t => {
  const bucket = 'bucket-lifecycle';
  await world.makeBucket(bucket);
  const project = await makeProject({ service: 'lifecycle', config: { bucket } });
  await publishProject(project, {}, world.env);
  const body = `<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>
    <Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>`;
  world.proxy.script = ({ action }) =>
    action === 's3:GET lifecycle' ? { kind: 'answer', status: 200, code: '', body } : undefined;
  const warnings: string[] = [];
  await runCommand(['gc', '--project', project], world.env, line => warnings.push(line));
  t.regex(warnings.join(), /lifecycle rule "old" deletes live objects/);
});
