/** Roles of local-aws, over the wire with the AWS SDK: kept, and what they do not allow is refused. */

import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import test from 'ava';
import { type Bench, createFunction, invoke, openBench, zipOf } from '../support.ts';

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
});
const allow = (Action: string, Resource: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] });

function clientOf({ aws }: Bench): IAMClient {
  const { endpoint, region, credentials } = aws;
  return new IAMClient({ endpoint, region, credentials, maxAttempts: 1 });
}

test('a role is made once, kept with its policies, and deleted after them', async t => {
  await using bench = await openBench({ sandbox: 'process', changeMs: 0 });
  const RoleName = 'reader';
  const create = new CreateRoleCommand({
    RoleName,
    AssumeRolePolicyDocument: trust,
    Description: 'a <test>',
  });
  const { Role } = await clientOf(bench).send(create);
  t.is(Role?.Arn, 'arn:aws:iam::000000000000:role/reader');
  await t.throwsAsync(clientOf(bench).send(create), { name: 'EntityAlreadyExistsException' });
  const PolicyName = 'own';
  const PolicyDocument = allow('s3:GetObject', 'arn:aws:s3:::b/*');
  await clientOf(bench).send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  await bench.restart();
  const iam = clientOf(bench);
  const kept = await iam.send(new GetRoleCommand({ RoleName }));
  t.deepEqual([kept.Role?.Description, kept.Role?.CreateDate], [Role?.Description, Role?.CreateDate]);
  const policy = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
  t.is(decodeURIComponent(policy.PolicyDocument ?? ''), PolicyDocument);
  await t.throwsAsync(iam.send(new DeleteRoleCommand({ RoleName })), { name: 'DeleteConflictException' });
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  await iam.send(new DeleteRoleCommand({ RoleName }));
  await t.throwsAsync(iam.send(new GetRoleCommand({ RoleName })), { name: 'NoSuchEntityException' });
});

for (const [what, document] of [
  ['no JSON', '{'],
  [
    'a condition, which cannot be judged here',
    allow('s3:*', '*').replace('"Effect"', '"Condition":{},"Effect"'),
  ],
  ['no resource', '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*"}}'],
] as const) {
  test(`a role's policy with ${what} is MalformedPolicyDocument`, async t => {
    await using bench = await openBench({ sandbox: 'process' });
    const iam = clientOf(bench);
    await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trust }));
    const put = new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'p', PolicyDocument: document });
    await t.throwsAsync(iam.send(put), { name: 'MalformedPolicyDocumentException' });
  });
}

test('a function gets from S3 what its role allows, an object version only with GetObjectVersion; others all', async t => {
  await using bench = await openBench({ sandbox: 'process', changeMs: 0 });
  const { endpoint, region, credentials } = bench.aws;
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'bkt' }));
  for (const Key of ['open/a', 'shut/a'])
    await s3.send(new PutObjectCommand({ Bucket: 'bkt', Key, Body: 'x' }));
  const iam = clientOf(bench);
  for (const name of ['strict', 'silent']) {
    await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust }));
  }
  const PolicyDocument = allow('s3:GetObject', 'arn:aws:s3:::bkt/open/*');
  await iam.send(new PutRolePolicyCommand({ RoleName: 'strict', PolicyName: 'p', PolicyDocument }));
  // Signed by hand: the plain process has no SDK.
  const code = `
    import { createHash, createHmac } from 'node:crypto';
    const hex = text => createHash('sha256').update(text).digest('hex');
    const mac = (key, text) => createHmac('sha256', key).update(text).digest();
    export const handler = async ({ path, query = '' }) => {
      const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = process.env;
      const url = new URL(path + query, AWS_ENDPOINT_URL);
      const time = new Date().toISOString().replace(/[-:]|\\.\\d+/g, '');
      const scope = [time.slice(0, 8), AWS_REGION, 's3', 'aws4_request'];
      const headers = { host: url.host, 'x-amz-content-sha256': hex(''), 'x-amz-date': time, 'x-amz-security-token': AWS_SESSION_TOKEN };
      const names = Object.keys(headers).join(';');
      const canonical = ['GET', url.pathname, query.slice(1), ...Object.entries(headers).map(([k, v]) => k + ':' + v), '', names, hex('')].join('\\n');
      const key = scope.reduce(mac, 'AWS4' + AWS_SECRET_ACCESS_KEY);
      const signature = mac(key, ['AWS4-HMAC-SHA256', time, scope.join('/'), hex(canonical)].join('\\n')).toString('hex');
      headers.authorization = 'AWS4-HMAC-SHA256 Credential=' + AWS_ACCESS_KEY_ID + '/' + scope.join('/') + ', SignedHeaders=' + names + ', Signature=' + signature;
      return (await fetch(url, { headers })).status;
    };`;
  for (const name of ['strict', 'silent', 'unknown']) {
    const Role = `arn:aws:iam::000000000000:role/${name}`;
    await createFunction(bench.lambda, name, { Role, Timeout: 10, files: { 'index.mjs': code } });
  }
  const get = async (name: string, path: string, query?: string) =>
    (await invoke(bench.lambda, name, { path, query })).value;
  t.is(await get('strict', '/bkt/open/a'), 200);
  t.is(await get('strict', '/bkt/open/a', '?versionId=null'), 403);
  t.is(await get('strict', '/bkt/shut/a'), 403);
  t.is(await get('silent', '/bkt/open/a'), 403);
  t.is(await get('unknown', '/bkt/shut/a'), 200);
});

test('a role made a moment ago cannot be assumed yet, as on AWS, and somewhat later it can', async t => {
  await using bench = await openBench({ sandbox: 'process', changeMs: 800 });
  const create = new CreateFunctionCommand({
    ...{ FunctionName: 'f', Runtime: 'nodejs24.x', Handler: 'index.handler' },
    Role: 'arn:aws:iam::000000000000:role/new',
    Code: { ZipFile: await zipOf({ 'index.mjs': '' }) },
  });
  await clientOf(bench).send(new CreateRoleCommand({ RoleName: 'new', AssumeRolePolicyDocument: trust }));
  let refused = 0;
  for (;;) {
    try {
      await bench.lambda.send(create);
      break;
    } catch (error) {
      t.regex(String(error), /InvalidParameterValueException: .*cannot be assumed by Lambda/);
      refused++;
    }
  }
  t.true(refused > 0);
});
