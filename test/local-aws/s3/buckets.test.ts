/** Buckets: names, regions, addresses, configuration documents, and what the server does not do. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import test from 'ava';
import { bucketOfHost } from '../../../local-aws/s3/address.ts';
import { ownerId } from '../../../local-aws/s3/operations/buckets.ts';
import { presign, send } from './signed-request.ts';
import { failureOf, startServer } from './support.ts';

const Bucket = 'the-bucket';

const badNames = [
  'ab',
  'A-b',
  'under_score',
  '-dash',
  'dot..dot',
  '192.168.1.1',
  'xn--abc',
  'abc-s3alias',
  '..',
  'a/b',
  'x'.repeat(64),
];

for (const name of badNames)
  test(`a bucket cannot be called ${name}`, async t => {
    const server = await startServer(t);
    const answer = await send(server, { method: 'PUT', path: `/${encodeURIComponent(name)}` });
    t.is(answer.element('Code'), 'InvalidBucketName');
    t.is(answer.status, 400);
  });

test('buckets are created once, listed, and deleted when empty', async t => {
  const { client, connect } = await startServer(t);
  const west = connect({ region: 'eu-west-1' });
  const again = (each: typeof client) => failureOf(each.send(new CreateBucketCommand({ Bucket })));
  t.like(await again(client), { code: 'no failure' });
  t.like(await again(client), { code: 'no failure' }, 'us-east-1 repeats itself');
  t.like(await again(west), { code: 'BucketAlreadyOwnedByYou', status: 409 });
  await west.send(new CreateBucketCommand({ Bucket: 'west' }));
  const { Buckets, Owner } = await client.send(new ListBucketsCommand({}));
  t.deepEqual(
    Buckets?.map(each => [each.Name, each.BucketRegion]),
    [
      [Bucket, 'us-east-1'],
      ['west', 'eu-west-1'],
    ],
  );
  t.is(Owner?.ID, ownerId);
  const page = await client.send(new ListBucketsCommand({ MaxBuckets: 1 }));
  const next = await client.send(new ListBucketsCommand({ ContinuationToken: page.ContinuationToken }));
  t.deepEqual(
    next.Buckets?.map(each => each.Name),
    ['west'],
  );
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  const remove = () => failureOf(client.send(new DeleteBucketCommand({ Bucket })));
  t.like(await remove(), { code: 'BucketNotEmpty', status: 409 });
  await west.send(new DeleteBucketCommand({ Bucket: 'west' }));
  t.like(await failureOf(west.send(new HeadBucketCommand({ Bucket: 'west' }))), {
    code: 'NotFound',
    status: 404,
  });
  t.like(await failureOf(client.send(new ListObjectsV2Command({ Bucket: 'none' }))), {
    code: 'NoSuchBucket',
  });
});

test('a bucket answers only to its own region, and tells which that is', async t => {
  const server = await startServer(t);
  const west = server.connect({ region: 'eu-west-1' });
  await west.send(new CreateBucketCommand({ Bucket }));
  t.is((await west.send(new HeadBucketCommand({ Bucket }))).BucketRegion, 'eu-west-1');
  const wrong = await send(server, { path: `/${Bucket}/k` });
  t.is(wrong.status, 301);
  t.is(wrong.element('Code'), 'PermanentRedirect');
  t.is(wrong.headers['x-amz-bucket-region'], 'eu-west-1');
  const location = await server.client.send(new GetBucketLocationCommand({ Bucket }));
  t.is(location.LocationConstraint, 'eu-west-1');
  const following = server.connect({ followRegionRedirects: true });
  t.like(await following.send(new ListObjectsV2Command({ Bucket })), { KeyCount: 0 });
});

const constraints = [
  ['us-east-1', '', 200],
  ['us-east-1', 'eu-west-1', 200],
  ['eu-west-1', 'eu-west-1', 200],
  ['eu-west-1', '', 400],
  ['eu-west-1', 'eu-north-1', 400],
  ['us-east-1', 'nowhere', 400],
] as const;

for (const [region, constraint, status] of constraints)
  test(`signed for ${region}, a bucket with the constraint "${constraint}" is ${status}`, async t => {
    const server = await startServer(t);
    const body =
      constraint === ''
        ? ''
        : `<CreateBucketConfiguration><LocationConstraint>${constraint}</LocationConstraint></CreateBucketConfiguration>`;
    t.is((await send(server, { method: 'PUT', path: `/${Bucket}`, body, region })).status, status);
  });

test('a request that says nothing of a body has none', async t => {
  const server = await startServer(t);
  const { hostname, port, host } = new URL(server.endpoint);
  const target = await presign(server, `/${Bucket}`, 'PUT');
  // Node's client would say "Content-Length: 0".
  const socket = connect(Number(port), hostname);
  socket.write(`PUT ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  t.true((await text(socket)).startsWith('HTTP/1.1 200 OK'));
});

const hosts = [
  ['b.localhost:4566', 'b'],
  ['b.c.localhost', 'b.c'],
  ['b.s3.localhost:1', 'b'],
  ['b.s3.eu-west-1.localhost', 'b'],
  ['B.S3.US-EAST-1.amazonaws.com', 'b'],
  ['b.s3.localhost.localstack.cloud:4566', 'b'],
  ['s3.localhost', undefined],
  ['s3.eu-west-1.amazonaws.com', undefined],
  ['localhost:4566', undefined],
  ['127.0.0.1:4566', undefined],
  ['[::1]:4566', undefined],
  ['evil.example', undefined],
] as const;

for (const [host, bucket] of hosts)
  test(`the host ${host} means ${bucket === undefined ? 'path style' : `the bucket ${bucket}`}`, t => {
    t.is(bucketOfHost(host), bucket);
  });

test('virtual-hosted style reaches the same objects as path style', async t => {
  const server = await startServer(t);
  await server.client.send(new CreateBucketCommand({ Bucket }));
  const headers = { host: `${Bucket}.s3.localhost` };
  t.is((await send(server, { method: 'PUT', path: '/dir/k', headers, body: 'hosted' })).status, 200);
  const { Body } = await server.client.send(new GetObjectCommand({ Bucket, Key: 'dir/k' }));
  t.is(await Body?.transformToString(), 'hosted');
  t.is((await send(server, { path: '/', headers, query: { 'list-type': '2' } })).element('Key'), 'dir/k');
});

test('a new bucket says what a new bucket at AWS says', async t => {
  const { client } = await startServer(t);
  await client.send(new CreateBucketCommand({ Bucket }));
  const access = await client.send(new GetPublicAccessBlockCommand({ Bucket }));
  t.deepEqual(Object.values(access.PublicAccessBlockConfiguration ?? {}), [true, true, true, true]);
  const encryption = await client.send(new GetBucketEncryptionCommand({ Bucket }));
  const [rule] = encryption.ServerSideEncryptionConfiguration?.Rules ?? [];
  t.is(rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, 'AES256');
  const controls = await client.send(new GetBucketOwnershipControlsCommand({ Bucket }));
  t.is(controls.OwnershipControls?.Rules?.[0]?.ObjectOwnership, 'BucketOwnerEnforced');
  const lifecycle = client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  t.like(await failureOf(lifecycle), { code: 'NoSuchLifecycleConfiguration', status: 404 });
  t.like(await failureOf(client.send(new GetBucketTaggingCommand({ Bucket }))), { code: 'NoSuchTagSet' });
  const acl = await client.send(new GetBucketAclCommand({ Bucket }));
  t.like(acl.Grants?.[0], { Permission: 'FULL_CONTROL', Grantee: { Type: 'CanonicalUser' } });
});

test('configuration documents come back as they were put, also after a restart', async t => {
  const before = await startServer(t);
  await before.client.send(new CreateBucketCommand({ Bucket }));
  const LifecycleConfiguration = {
    Rules: [{ ID: 'a & b', Status: 'Enabled', Filter: { Prefix: 'x/' }, Expiration: { Days: 3 } }],
  } as const;
  const PublicAccessBlockConfiguration = { BlockPublicAcls: true, BlockPublicPolicy: false };
  const Rules = [
    { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'k' } } as const,
  ];
  await before.client.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: { Rules: [...LifecycleConfiguration.Rules] },
    }),
  );
  await before.client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
  await before.client.send(
    new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }),
  );
  await before.client.send(
    new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'team', Value: 'ä' }] } }),
  );
  await before.service.close();
  const { client } = await startServer(t, { data: before.data });
  const lifecycle = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  t.like(lifecycle, LifecycleConfiguration);
  const access = await client.send(new GetPublicAccessBlockCommand({ Bucket }));
  t.deepEqual(access.PublicAccessBlockConfiguration, PublicAccessBlockConfiguration);
  const encryption = await client.send(new GetBucketEncryptionCommand({ Bucket }));
  t.like(encryption.ServerSideEncryptionConfiguration, { Rules });
  t.deepEqual((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet, [
    { Key: 'team', Value: 'ä' },
  ]);
  await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
  await client.send(new DeletePublicAccessBlockCommand({ Bucket }));
  const gone = client.send(new GetPublicAccessBlockCommand({ Bucket }));
  t.like(await failureOf(gone), { code: 'NoSuchPublicAccessBlockConfiguration', status: 404 });
});

const unknown = [
  ['GET', '?cors', 'GetBucketCors'],
  ['PUT', '?replication', 'PutBucketReplication'],
  ['PUT', '?notification', 'PutBucketNotificationConfiguration'],
  ['DELETE', '?website', 'DeleteBucketWebsite'],
  ['GET', '/key?torrent', 'GetObjectTorrent'],
  ['PUT', '/key?legal-hold', 'PutObjectLegalHold'],
  ['POST', '/key?restore', 'RestoreObject'],
  ['POST', '/key?select&select-type=2', 'SelectObjectContent'],
  ['PUT', '/key?renameObject', 'RenameObject'],
] as const;

for (const [method, target, name] of unknown)
  test(`${method} ${target} is NotImplemented and names ${name}`, async t => {
    const server = await startServer(t);
    await server.client.send(new CreateBucketCommand({ Bucket }));
    const [path = '', search = ''] = target.split('?');
    const query = Object.fromEntries(new URLSearchParams(search));
    const answer = await send(server, { method, path: `/${Bucket}${path}`, query });
    t.is(answer.status, 501);
    t.is(answer.element('Code'), 'NotImplemented');
    t.true(answer.element('Message')?.startsWith(`${name} `));
  });

for (const [method, path] of [
  ['POST', '/'],
  ['OPTIONS', `/${Bucket}/k`],
  ['PATCH', `/${Bucket}/k`],
  ['POST', `/${Bucket}`],
] as const)
  test(`${method} ${path} is MethodNotAllowed`, async t => {
    const answer = await send(await startServer(t), { method, path });
    t.is(answer.status, 405);
    t.is(answer.element('Code'), 'MethodNotAllowed');
  });
