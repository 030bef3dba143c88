/** Versions and delete markers, in each state of versioning. */
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import test, { type ExecutionContext } from 'ava';
import { failureOf, startServer } from './support.ts';

const Bucket = 'versioning';
const Key = 'k';

async function start(t: ExecutionContext, Status?: 'Enabled' | 'Suspended') {
  const server = await startServer(t);
  await server.client.send(new CreateBucketCommand({ Bucket }));
  if (Status !== undefined) await configure(server.client, Status);
  return server;
}

async function configure(client: S3Client, Status: 'Enabled' | 'Suspended') {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

async function put(client: S3Client, Body: string) {
  const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  return VersionId;
}

async function read(client: S3Client, VersionId?: string) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Body?.transformToString();
}

test('a bucket without versioning tells no status and no version ids', async t => {
  const { client } = await start(t);
  t.is((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status, undefined);
  t.is(await put(client, 'one'), undefined);
  await put(client, 'two');
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  t.deepEqual(
    Versions?.map(each => each.VersionId),
    ['null'],
  );
  t.is(await read(client, 'null'), 'two');
});

test('every write to a versioned bucket can be read again, and the newest is current', async t => {
  const { client } = await start(t, 'Enabled');
  const ids = [await put(client, 'one'), await put(client, 'two'), await put(client, 'three')];
  t.is(new Set(ids).size, 3);
  t.deepEqual(await Promise.all(ids.map(id => read(client, id))), ['one', 'two', 'three']);
  t.is(await read(client), 'three');
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  t.deepEqual(
    Versions?.map(each => [each.VersionId, each.IsLatest]),
    [
      [ids[2], true],
      [ids[1], false],
      [ids[0], false],
    ],
  );
});

test('a plain delete hides the object under a marker; deleting the marker brings it back', async t => {
  const { client } = await start(t, 'Enabled');
  const id = await put(client, 'one');
  const deleted = await client.send(new DeleteObjectCommand({ Bucket, Key }));
  t.is(deleted.DeleteMarker, true);
  t.like(await failureOf(read(client)), { code: 'NoSuchKey', status: 404 });
  t.like(await failureOf(read(client, deleted.VersionId)), { code: 'MethodNotAllowed', status: 405 });
  t.is(await read(client, id), 'one');
  t.is((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  const { DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  t.like(DeleteMarkers?.[0], { Key, VersionId: deleted.VersionId, IsLatest: true });
  const undone = await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: deleted.VersionId }));
  t.is(undone.DeleteMarker, true);
  t.is(await read(client), 'one');
});

test('deleting a version deletes exactly that one', async t => {
  const { client } = await start(t, 'Enabled');
  const [one, two] = [await put(client, 'one'), await put(client, 'two')];
  await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: two }));
  t.is(await read(client), 'one');
  t.like(await failureOf(read(client, two)), { code: 'NoSuchVersion', status: 404 });
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, VersionId: one }] } }));
  t.like(await failureOf(read(client)), { code: 'NoSuchKey' });
  await client.send(new DeleteBucketCommand({ Bucket }));
});

test('suspended: the null version is replaced, the others stay', async t => {
  const { client } = await start(t);
  await put(client, 'before');
  await configure(client, 'Enabled');
  const kept = await put(client, 'kept');
  t.is(await read(client, 'null'), 'before');
  await configure(client, 'Suspended');
  t.is(await put(client, 'null again'), 'null');
  t.is(await read(client, 'null'), 'null again');
  t.is(await read(client, kept), 'kept');
  const deleted = await client.send(new DeleteObjectCommand({ Bucket, Key }));
  t.like(deleted, { DeleteMarker: true, VersionId: 'null' });
  t.is(await read(client, kept), 'kept');
  t.like(await failureOf(read(client, 'null')), { code: 'MethodNotAllowed' });
});

test('an old version can be copied on top', async t => {
  const { client } = await start(t, 'Enabled');
  const one = await put(client, 'one');
  await put(client, 'two');
  const copied = await client.send(
    new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${Key}?versionId=${one}` }),
  );
  t.is(copied.CopySourceVersionId, one);
  t.is(await read(client), 'one');
});

test('a marker does not satisfy If-None-Match: *, an object does', async t => {
  const { client } = await start(t, 'Enabled');
  await put(client, 'one');
  const create = () => client.send(new PutObjectCommand({ Bucket, Key, Body: 'new', IfNoneMatch: '*' }));
  t.like(await failureOf(create()), { code: 'PreconditionFailed' });
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
  t.like(await failureOf(create()), { code: 'no failure' });
});

test('a bucket that holds only markers is not empty', async t => {
  const { client } = await start(t, 'Enabled');
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'never there' }));
  t.like(await failureOf(client.send(new DeleteBucketCommand({ Bucket }))), {
    code: 'BucketNotEmpty',
    status: 409,
  });
});

test('pages of versions neither repeat nor skip, also inside one key', async t => {
  const { client } = await start(t, 'Enabled');
  const expected: string[] = [];
  for (const each of ['a', 'b', 'dir/c', 'dir/d'])
    for (let count = 0; count < 3; count += 1) {
      const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key: each, Body: 'x' }));
      expected.push(`${each} ${VersionId}`);
    }
  for (const pageSize of [1, 2, 5]) {
    const found: string[] = [];
    for (let markers: object | undefined = {}; markers !== undefined; ) {
      const page: ListObjectVersionsCommandOutput = await client.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys: pageSize, ...markers }),
      );
      for (const version of page.Versions ?? []) found.push(`${version.Key} ${version.VersionId}`);
      const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
      markers = page.IsTruncated ? { KeyMarker, VersionIdMarker } : undefined;
    }
    t.deepEqual(found.toSorted(), expected.toSorted());
  }
  const grouped = await client.send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/', Prefix: '' }));
  t.deepEqual(grouped.CommonPrefixes, [{ Prefix: 'dir/' }]);
});

test('a bucket can be emptied page by page, deleting what each page lists', async t => {
  const { client } = await start(t, 'Enabled');
  for (let count = 0; count < 5; count += 1) await put(client, `${count}`);
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
  for (let markers: object | undefined = {}; markers !== undefined; ) {
    const page: ListObjectVersionsCommandOutput = await client.send(
      new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...markers }),
    );
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ VersionId }) => ({
      Key,
      VersionId,
    }));
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
    markers = page.IsTruncated ? { KeyMarker, VersionIdMarker } : undefined;
  }
  t.like(await failureOf(client.send(new DeleteBucketCommand({ Bucket }))), { code: 'no failure' });
});

test('versions survive a restart in their order', async t => {
  const first = await startServer(t);
  await first.client.send(new CreateBucketCommand({ Bucket }));
  await configure(first.client, 'Enabled');
  const ids = [await put(first.client, 'one'), await put(first.client, 'two')];
  await first.service.close();
  const second = await startServer(t, { data: first.data });
  t.is(await read(second.client), 'two');
  t.is(await read(second.client, ids[0]), 'one');
  t.is((await second.client.send(new HeadObjectCommand({ Bucket, Key }))).VersionId, ids[1]);
});
