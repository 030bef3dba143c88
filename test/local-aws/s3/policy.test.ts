/** Bucket policies: explicit denials, as a table of rules and over the wire. */
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import test from 'ava';
import { isDenied, parsePolicy } from '../../../local-aws/s3/rules/policy.ts';
import { account, failureOf, rootKey, startServer, userKey } from './support.ts';

const Bucket = 'policy';
const arn = `arn:aws:s3:::${Bucket}`;

function deny(more: object) {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `${arn}/*`, ...more },
  });
}

const question = { principal: userKey.arn, action: 's3:GetObject', resource: `${arn}/sha256/a.zip` };
const session = `arn:aws:sts::${account}:assumed-role/lambda-role/function`;

const rules = [
  ['everybody', {}, question, true],
  ['everybody of AWS', { Principal: { AWS: '*' } }, question, true],
  ['this user', { Principal: { AWS: [userKey.arn] } }, question, true],
  ['another user', { Principal: { AWS: `arn:aws:iam::${account}:user/other` } }, question, false],
  ['the account', { Principal: { AWS: account } }, question, true],
  ['the root of the account, which stands for it', { Principal: { AWS: rootKey.arn } }, question, true],
  ['another account', { Principal: { AWS: '111111111111' } }, question, false],
  [
    'the role of a session',
    { Principal: { AWS: `arn:aws:iam::${account}:role/path/lambda-role` } },
    { ...question, principal: session },
    true,
  ],
  [
    'another role',
    { Principal: { AWS: `arn:aws:iam::${account}:role/role` } },
    { ...question, principal: session },
    false,
  ],
  ['a service', { Principal: { Service: 'lambda.amazonaws.com' } }, question, false],
  ['all but this user', { Principal: undefined, NotPrincipal: { AWS: userKey.arn } }, question, false],
  ['another action', { Action: 's3:PutObject' }, question, false],
  ['one of several actions', { Action: ['s3:PutObject', 's3:Get*'] }, question, true],
  ['an action in other case', { Action: 'S3:getobject' }, question, true],
  ['all but this action', { Action: undefined, NotAction: 's3:GetObject' }, question, false],
  ['another prefix', { Resource: `${arn}/releases/*` }, question, false],
  ['a star in the middle', { Resource: `${arn}/sha*/*.zip` }, question, true],
  ['a question mark', { Resource: `${arn}/sha256/?.zip` }, question, true],
  ['the bucket but not its objects', { Resource: arn }, question, false],
  ['Allow', { Effect: 'Allow' }, question, false],
  ['insecure transport only', { Condition: { Bool: { 'aws:SecureTransport': 'false' } } }, question, false],
  [
    'all who are not this user',
    { Condition: { StringNotEquals: { 'aws:PrincipalArn': userKey.arn } } },
    question,
    false,
  ],
  [
    'principals like this one',
    { Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::*:user/*` } } },
    question,
    true,
  ],
] as const;

for (const [title, statement, asked, expected] of rules)
  test(`a statement about ${title} ${expected ? 'denies' : 'does not deny'}`, t => {
    t.is(isDenied(parsePolicy(deny(statement), Bucket), asked), expected);
  });

const malformed = [
  ['no JSON', 'nonsense', 'MalformedPolicy'],
  ['no object', '[]', 'MalformedPolicy'],
  ['no statement', '{"Version":"2012-10-17"}', 'MalformedPolicy'],
  ['another effect', deny({ Effect: 'Perhaps' }), 'MalformedPolicy'],
  ['no principal', deny({ Principal: undefined }), 'MalformedPolicy'],
  ['a principal that is none', deny({ Principal: { AWS: 'somebody' } }), 'MalformedPolicy'],
  ["another service's action", deny({ Action: 'ec2:Start' }), 'MalformedPolicy'],
  ["another bucket's resource", deny({ Resource: 'arn:aws:s3:::other/*' }), 'MalformedPolicy'],
  [
    'a condition that cannot be judged',
    deny({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
    'NotImplemented',
  ],
] as const;

for (const [title, text, code] of malformed)
  test(`a policy with ${title} is ${code}`, t => {
    t.like(
      t.throws(() => parsePolicy(text, Bucket)),
      { code },
    );
  });

test('a denial is a real 403 over the wire, for that action, key and user only', async t => {
  const server = await startServer(t);
  const { client } = server;
  const user = server.connect({ credentials: userKey });
  await client.send(new CreateBucketCommand({ Bucket }));
  for (const Key of ['open', 'shut/a', 'shut/b'])
    await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  const Policy = deny({
    Principal: { AWS: userKey.arn },
    Action: ['s3:GetObject', 's3:DeleteObject'],
    Resource: `${arn}/shut/*`,
  });
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const get = (each: typeof client, Key: string) =>
    failureOf(each.send(new GetObjectCommand({ Bucket, Key })));
  t.like(await get(user, 'shut/a'), { code: 'AccessDenied', status: 403 });
  t.like(await get(user, 'open'), { code: 'no failure' });
  t.like(await get(client, 'shut/a'), { code: 'no failure' });
  const { Deleted, Errors } = await user.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'open' }, { Key: 'shut/b' }] } }),
  );
  t.deepEqual([Deleted?.[0]?.Key, Errors?.[0]?.Key, Errors?.[0]?.Code], ['open', 'shut/b', 'AccessDenied']);
  t.is((await client.send(new GetBucketPolicyCommand({ Bucket }))).Policy, Policy);
});

test('who may not list the bucket is not told that a key is missing', async t => {
  const { client } = await startServer(t);
  await client.send(new CreateBucketCommand({ Bucket }));
  const get = () => failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'none' })));
  t.like(await get(), { code: 'NoSuchKey', status: 404 });
  await client.send(
    new PutBucketPolicyCommand({ Bucket, Policy: deny({ Action: 's3:ListBucket', Resource: arn }) }),
  );
  t.like(await get(), { code: 'AccessDenied', status: 403 });
  t.like(await failureOf(client.send(new HeadObjectCommand({ Bucket, Key: 'none' }))), { status: 403 });
});

test('a policy that locks everybody out can be mended by the root of the account', async t => {
  const server = await startServer(t);
  const user = server.connect({ credentials: userKey });
  await server.client.send(new CreateBucketCommand({ Bucket }));
  const Policy = deny({ Action: 's3:*', Resource: [arn, `${arn}/*`] });
  await server.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  t.like(await failureOf(user.send(new DeleteBucketPolicyCommand({ Bucket }))), { code: 'AccessDenied' });
  await server.client.send(new DeleteBucketPolicyCommand({ Bucket }));
  const get = server.client.send(new GetBucketPolicyCommand({ Bucket }));
  t.like(await failureOf(get), { code: 'NoSuchBucketPolicy', status: 404 });
});

test('a policy for everybody is refused while the bucket blocks public access', async t => {
  const { client } = await startServer(t);
  await client.send(new CreateBucketCommand({ Bucket }));
  const put = client.send(new PutBucketPolicyCommand({ Bucket, Policy: deny({ Effect: 'Allow' }) }));
  t.like(await failureOf(put), { code: 'AccessDenied', status: 403 });
});
