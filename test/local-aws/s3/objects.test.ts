/** Objects over the wire with the unchanged SDK: bytes, what is said about them, ranges, copies, deletion. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import test, { type ExecutionContext } from 'ava';
import { send } from './signed-request.ts';
import { failureOf, filesIn, startServer, temporaryFolder } from './support.ts';

const Bucket = 'objects';

async function start(t: ExecutionContext) {
  const server = await startServer(t);
  await server.client.send(new CreateBucketCommand({ Bucket }));
  return server;
}

async function read(
  client: S3Client,
  Key: string,
  more: Partial<GetObjectCommandInput> = {},
): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test('a buffer comes back under any key, and no key leaves the data folder', async t => {
  const { client } = await start(t);
  const keys = [
    'plain.txt',
    'deep/er/path.txt',
    '../../../../../../tmp/escape',
    'a//b/./c/',
    "spaces and !'()*+&=?#%",
    'schön/日本/🎉',
    'constructor',
    '__proto__',
    `long/${'x'.repeat(1019)}`,
  ];
  for (const Key of keys) {
    const Body = randomBytes(100);
    await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    t.deepEqual(await read(client, Key), Body, Key);
  }
  const put = client.send(new PutObjectCommand({ Bucket, Key: 'x'.repeat(1025), Body: 'x' }));
  t.like(await failureOf(put), { code: 'KeyTooLongError', status: 400 });
});

test('a stream is stored without its aws-chunked framing', async t => {
  const { client } = await start(t);
  const file = path.join(await temporaryFolder(t), 'body');
  const bytes = randomBytes(300_001);
  await writeFile(file, bytes);
  await client.send(new PutObjectCommand({ Bucket, Key: 'stream', Body: createReadStream(file) }));
  t.deepEqual(await read(client, 'stream'), bytes);
  const { ContentEncoding } = await client.send(new HeadObjectCommand({ Bucket, Key: 'stream' }));
  t.is(ContentEncoding, undefined);
});

test('what was said about an object is said back', async t => {
  const { client } = await start(t);
  const said = {
    ContentType: 'application/zip',
    ContentEncoding: 'gzip',
    ContentLanguage: 'en',
    ContentDisposition: 'attachment; filename="x"',
    CacheControl: 'max-age=1',
    Metadata: { digest: 'sha256:00', empty: '' },
    StorageClass: 'STANDARD_IA',
  } as const;
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', Tagging: 'a=1&b=%20', ...said }));
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
  t.like(head, { ...said, ContentLength: 1, ETag: '"9dd4e461268c8034f5c8564e155c67a6"', TagCount: 2 });
  const plain = await client.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'x' }));
  t.is(plain.VersionId, undefined);
  t.like(await client.send(new HeadObjectCommand({ Bucket, Key: 'plain' })), {
    Metadata: {},
    TagCount: undefined,
  });
  const asked = await client.send(
    new GetObjectCommand({
      Bucket,
      Key: 'k',
      ResponseContentType: 'text/plain',
      ResponseCacheControl: 'no-store',
    }),
  );
  t.like(asked, { ContentType: 'text/plain', CacheControl: 'no-store' });
});

const ranges = [
  ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=7-99', 206, '789', 'bytes 7-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=4-2', 200, '0123456789', undefined],
  ['bytes=0-1,3-4', 200, '0123456789', undefined],
  ['lines=1-2', 200, '0123456789', undefined],
  ['bytes=10-', 416, undefined, 'bytes */10'],
  ['bytes=-0', 416, undefined, 'bytes */10'],
] as const;

for (const [range, status, text, contentRange] of ranges)
  test(`of ten bytes, "${range}" is ${status}`, async t => {
    const server = await start(t);
    await server.client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '0123456789' }));
    const answer = await send(server, { path: `/${Bucket}/k`, headers: { range } });
    t.is(answer.status, status);
    t.is(answer.headers['content-range'], contentRange);
    if (text === undefined) t.is(answer.element('Code'), 'InvalidRange');
    else t.is(answer.body.toString(), text);
  });

test('a copy carries everything along, or what the request says instead', async t => {
  const { client } = await start(t);
  const CopySource = `${Bucket}/${encodeURIComponent('from ü+')}`;
  await client.send(
    new PutObjectCommand({ Bucket, Key: 'from ü+', Body: 'copied', Metadata: { a: '1' }, Tagging: 't=1' }),
  );
  await client.send(new CopyObjectCommand({ Bucket, Key: 'same', CopySource }));
  t.like(await client.send(new HeadObjectCommand({ Bucket, Key: 'same' })), {
    Metadata: { a: '1' },
    TagCount: 1,
  });
  const { CopyObjectResult } = await client.send(
    new CopyObjectCommand({
      ...{ Bucket, Key: 'other', CopySource, Metadata: { b: '2' }, ContentType: 'text/x' },
      ...{ MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE', ChecksumAlgorithm: 'SHA256' },
    }),
  );
  t.is(CopyObjectResult?.ChecksumSHA256, createHash('sha256').update('copied').digest('base64'));
  t.like(await client.send(new HeadObjectCommand({ Bucket, Key: 'other' })), {
    Metadata: { b: '2' },
    ContentType: 'text/x',
    TagCount: undefined,
  });
  t.is((await read(client, 'other')).toString(), 'copied');
  const onto = client.send(new CopyObjectCommand({ Bucket, Key: 'from ü+', CopySource }));
  t.like(await failureOf(onto), { code: 'InvalidRequest', status: 400 });
  const missing = client.send(new CopyObjectCommand({ Bucket, Key: 'x', CopySource: `${Bucket}/none` }));
  t.like(await failureOf(missing), { code: 'NoSuchKey', status: 404 });
});

test('deleting is silent about what was not there, and frees the bytes', async t => {
  const { client, data } = await start(t);
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'never' }));
  for (const Key of ['a', 'b', 'c']) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'again' }));
  const { Deleted } = await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a' }, { Key: 'never' }, { Key: 'b' }] } }),
  );
  t.deepEqual(
    Deleted?.map(({ Key }) => Key),
    ['a', 'never', 'b'],
  );
  const quiet = await client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'c' }], Quiet: true } }),
  );
  t.is(quiet.Deleted, undefined);
  t.like(await failureOf(read(client, 'a')), { code: 'NoSuchKey', status: 404 });
  t.like(await failureOf(client.send(new HeadObjectCommand({ Bucket, Key: 'a' }))), { code: 'NotFound' });
  t.deepEqual(await filesIn(path.join(data, 'buckets', Bucket)), ['bucket.json']);
});

test('tags are replaced and deleted, and bad ones refused', async t => {
  const { client } = await start(t);
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', Tagging: 'a=1' }));
  const put = (TagSet: { Key: string; Value: string }[]) =>
    client.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet } }));
  const get = async () => (await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))).TagSet;
  t.deepEqual(await get(), [{ Key: 'a', Value: '1' }]);
  await put([{ Key: 'team é', Value: 'a+b=c@d:/._-' }]);
  t.deepEqual(await get(), [{ Key: 'team é', Value: 'a+b=c@d:/._-' }]);
  for (const [Key, Value] of [
    ['<b>', ''],
    ['a', '&"'],
  ] as const) {
    t.like(await failureOf(put([{ Key, Value }])), { code: 'InvalidTag', status: 400 });
  }
  t.like(
    await failureOf(
      put([
        { Key: 'a', Value: '' },
        { Key: 'a', Value: '' },
      ]),
    ),
    { code: 'InvalidTag' },
  );
  t.like(await failureOf(put(Array.from({ length: 11 }, (_, i) => ({ Key: `${i}`, Value: '' })))), {
    code: 'InvalidTag',
  });
  await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'k' }));
  t.deepEqual(await get(), []);
});

test('attributes tell size and checksum without the bytes', async t => {
  const { client } = await start(t);
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello', ChecksumAlgorithm: 'SHA256' }));
  t.like(
    await client.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key: 'k',
        ObjectAttributes: ['Checksum', 'ObjectSize', 'ETag'],
      }),
    ),
    {
      ObjectSize: 5,
      ETag: '5d41402abc4b2a76b9719d911017c592',
      Checksum: {
        ChecksumSHA256: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
        ChecksumType: 'FULL_OBJECT',
      },
    },
  );
});

test('the other services find an object as a file, at once and by version', async t => {
  const { client, service } = await start(t);
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'bytes' }));
  const found = await service.objects.read(Bucket, 'k');
  t.is(found.size, 5);
  t.is(found.versionId, undefined);
  t.is(await readFile(found.path, 'utf8'), 'bytes');
  await t.throwsAsync(service.objects.read(Bucket, 'none'), { code: 'NoSuchKey' } as object);
  await t.throwsAsync(service.objects.read('none', 'k'), { code: 'NoSuchBucket' } as object);
  await t.throwsAsync(service.objects.read('../..', 'k'), { code: 'NoSuchBucket' } as object);
  await t.throwsAsync(service.objects.read(Bucket, 'k', 'x'), { code: 'NoSuchVersion' } as object);
});

const headerRefusals = [
  ['x-amz-acl', 'public-read', 'AccessControlListNotSupported'],
  ['x-amz-grant-read', 'id=x', 'AccessControlListNotSupported'],
  ['x-amz-object-lock-mode', 'COMPLIANCE', 'InvalidRequest'],
  ['x-amz-server-side-encryption-customer-algorithm', 'AES256', 'NotImplemented'],
  ['x-amz-server-side-encryption', 'ROT13', 'InvalidArgument'],
  ['x-amz-storage-class', 'SHELF', 'InvalidStorageClass'],
  ['x-amz-meta-big', 'x'.repeat(2048), 'MetadataTooLarge'],
  ['x-amz-expected-bucket-owner', '111111111111', 'AccessDenied'],
  ['content-md5', 'nonsense', 'InvalidDigest'],
  ['content-md5', 'AAAAAAAAAAAAAAAAAAAAAA==', 'BadDigest'],
] as const;

for (const [name, value, code] of headerRefusals)
  test(`an upload with ${name}: ${value.slice(0, 20)} is ${code}`, async t => {
    const server = await start(t);
    const answer = await send(server, {
      method: 'PUT',
      path: `/${Bucket}/k`,
      headers: { [name]: value },
      body: 'x',
    });
    t.is(answer.element('Code'), code);
  });

test('a body that is not what was signed is refused and not kept', async t => {
  const server = await start(t);
  const headers = { 'x-amz-content-sha256': '0'.repeat(64) };
  const answer = await send(server, { method: 'PUT', path: `/${Bucket}/k`, headers, body: 'x' });
  t.is(answer.element('Code'), 'XAmzContentSHA256Mismatch');
  t.deepEqual(await filesIn(path.join(server.data, 'tmp')), []);
});

test('a client that goes away half-way leaves nothing behind', async t => {
  const { client, data } = await start(t);
  const controller = new AbortController();
  const put = client.send(
    new PutObjectCommand({ Bucket, Key: 'k', Body: endless(controller), ContentLength: 1e9 }),
    {
      abortSignal: controller.signal,
    },
  );
  await t.throwsAsync(put);
  while ((await filesIn(path.join(data, 'tmp'))).length > 0) await new Promise(setImmediate);
  t.like(await failureOf(read(client, 'k')), { code: 'NoSuchKey' });
});

test('presigned URLs read, write and carry their own headers', async t => {
  const server = await start(t);
  const put = { method: 'PUT', path: `/${Bucket}/k`, presign: 60, body: 'hello' };
  t.is((await send(server, { ...put, query: { 'x-amz-meta-by': 'url' } })).status, 200);
  const got = await send(server, {
    path: `/${Bucket}/k`,
    presign: 60,
    query: { 'response-content-type': 'text/x' },
  });
  t.is(got.body.toString(), 'hello');
  t.is(got.headers['x-amz-meta-by'], 'url');
  t.is(got.headers['content-type'], 'text/x');
  const declared = { 'x-amz-content-sha256': '0'.repeat(64) };
  const other = await send(server, { ...put, tamper: headers => void Object.assign(headers, declared) });
  t.is(other.element('Code'), 'XAmzContentSHA256Mismatch');
  const bad = await send(server, { ...put, query: { 'x-amz-checksum-crc32': 'AAAAAA==' } });
  t.is(bad.element('Code'), 'BadDigest');
  const split = await send(server, {
    ...{ path: `/${Bucket}/k`, presign: 60, query: { 'response-content-type': 'a\r\nset-cookie: b' } },
  });
  t.is(split.element('Code'), 'InvalidArgument');
});

/** Bytes without end, whose reader hangs up after the first megabyte. */
async function* endlessBytes(controller: AbortController) {
  for (let count = 0; ; count += 1) {
    if (count === 16) controller.abort();
    yield Buffer.alloc(65_536);
  }
}

function endless(controller: AbortController) {
  return Readable.from(endlessBytes(controller));
}
