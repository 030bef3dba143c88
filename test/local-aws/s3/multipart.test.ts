/** Multipart uploads: by hand and by lib-storage, with each kind of checksum, and everything that may go wrong. */
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import test, { type ExecutionContext } from 'ava';
import { failureOf, filesIn, startServer } from './support.ts';

const Bucket = 'multipart';
const Key = 'dir/k';
const smallest = 5 * 1024 * 1024;
const first = randomBytes(smallest);
const last = Buffer.from('the end');
const whole = Buffer.concat([first, last]);

async function start(t: ExecutionContext) {
  const server = await startServer(t);
  await server.client.send(new CreateBucketCommand({ Bucket }));
  return server;
}

async function create(client: S3Client, more: Partial<CreateMultipartUploadCommandInput> = {}) {
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return UploadId;
}

async function upload(client: S3Client, UploadId: string, bodies: readonly Buffer[], more: object = {}) {
  const parts = [];
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1;
    const part = await client.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }),
    );
    parts.push({ ...part, PartNumber });
  }
  return parts;
}

async function complete(
  client: S3Client,
  UploadId: string,
  Parts: readonly object[],
  more: Partial<CompleteMultipartUploadCommandInput> = {},
) {
  const MultipartUpload = { Parts: [...Parts] };
  return client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...more }));
}

async function read(client: S3Client, more: object = {}): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test('lib-storage uploads a stream of unknown length in parts', async t => {
  const { client, data } = await start(t);
  const Body = Readable.from([first, last, first, last]);
  await new Upload({
    client,
    params: { Bucket, Key, Body, ContentType: 'application/zip' },
    partSize: smallest,
  }).done();
  t.true((await read(client)).equals(Buffer.concat([whole, whole])));
  t.like(await client.send(new HeadObjectCommand({ Bucket, Key })), { ContentType: 'application/zip' });
  t.is((await filesIn(path.join(data, 'buckets', Bucket, 'uploads'))).length, 0);
});

test('the entity tag and a composite checksum are over the parts', async t => {
  const { client } = await start(t);
  const id = await create(client, { ChecksumAlgorithm: 'SHA256', Metadata: { a: '1' } });
  const parts = await upload(client, id, [first, last], { ChecksumAlgorithm: 'SHA256' });
  const done = await complete(client, id, parts);
  const over = (name: string) =>
    [first, last]
      .reduce((hash, part) => hash.update(createHash(name).update(part).digest()), createHash(name))
      .digest();
  t.is(done.ETag, `"${over('md5').toString('hex')}-2"`);
  t.is(done.ChecksumSHA256, `${over('sha256').toString('base64')}-2`);
  t.is(done.ChecksumType, 'COMPOSITE');
  t.true((await read(client)).equals(whole));
  const part = await client.send(
    new GetObjectCommand({ Bucket, Key, PartNumber: 2, ChecksumMode: 'ENABLED' }),
  );
  t.like(part, {
    PartsCount: 2,
    ContentLength: last.length,
    ContentRange: `bytes ${smallest}-${whole.length - 1}/${whole.length}`,
  });
  t.is(await part.Body?.transformToString(), last.toString());
  t.like(await failureOf(read(client, { PartNumber: 3 })), { code: 'InvalidPartNumber', status: 416 });
});

test('a full-object checksum is over the bytes, and verified when the request names it', async t => {
  const { client } = await start(t);
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(whole));
  const id = await create(client, { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
  const parts = await upload(client, id, [first, last], { ChecksumAlgorithm: 'CRC32' });
  const asked = { ChecksumType: 'FULL_OBJECT' } as const;
  const wrong = complete(client, id, parts, { ...asked, ChecksumCRC32: 'AAAAAA==' });
  t.like(await failureOf(wrong), { code: 'BadDigest' });
  const short = complete(client, id, parts, { ...asked, MpuObjectSize: 1 });
  t.like(await failureOf(short), { code: 'InvalidRequest' });
  const done = await complete(client, id, parts, {
    ...asked,
    ChecksumCRC32: value.toString('base64'),
    MpuObjectSize: whole.length,
  });
  t.like(done, { ChecksumCRC32: value.toString('base64'), ChecksumType: 'FULL_OBJECT' });
});

test('completing again answers the same, as a client that lost the answer needs', async t => {
  const { client } = await start(t);
  const id = await create(client);
  const parts = await upload(client, id, [last]);
  const done = await complete(client, id, parts);
  t.is((await complete(client, id, parts)).ETag, done.ETag);
  t.like(await failureOf(client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: id }))), {
    code: 'NoSuchUpload',
    status: 404,
  });
});

test('of several uploads that complete with If-None-Match: *, one gets through and the others may be aborted', async t => {
  const { client } = await start(t);
  const ids = await Promise.all(Array.from({ length: 6 }, () => create(client)));
  const codes = await Promise.all(
    ids.map(async id => {
      const parts = await upload(client, id, [last]);
      return (await failureOf(complete(client, id, parts, { IfNoneMatch: '*' }))).code;
    }),
  );
  t.deepEqual(codes.toSorted(), [
    'PreconditionFailed',
    'PreconditionFailed',
    'PreconditionFailed',
    'PreconditionFailed',
    'PreconditionFailed',
    'no failure',
  ]);
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  t.is(Uploads?.length, 5);
});

const mistakes = [
  ['an unknown part', [{ PartNumber: 9, ETag: 'x' }], 'InvalidPart'],
  ['a wrong tag', [{ PartNumber: 1, ETag: '"0"' }], 'InvalidPart'],
  [
    'parts out of order',
    [
      { PartNumber: 2, ETag: 'x' },
      { PartNumber: 1, ETag: 'x' },
    ],
    'InvalidPartOrder',
  ],
  ['no parts', [], 'MalformedXML'],
] as const;

for (const [title, parts, code] of mistakes)
  test(`completing with ${title} is ${code}`, async t => {
    const { client } = await start(t);
    const id = await create(client);
    await upload(client, id, [last]);
    t.like(await failureOf(complete(client, id, parts)), { code });
    t.like(await failureOf(read(client)), { code: 'NoSuchKey' });
  });

test('a part that is too small is refused unless it is the last', async t => {
  const { client } = await start(t);
  const id = await create(client);
  const parts = await upload(client, id, [last, last]);
  t.like(await failureOf(complete(client, id, parts)), { code: 'EntityTooSmall', status: 400 });
  await complete(client, id, parts.slice(1));
  t.deepEqual(await read(client), last);
});

test('a composite upload wants the checksum of each part', async t => {
  const { client } = await start(t);
  const id = await create(client, { ChecksumAlgorithm: 'SHA256' });
  const [part] = await upload(client, id, [last], { ChecksumAlgorithm: 'SHA256' });
  const bare = [{ PartNumber: 1, ETag: part?.ETag }];
  t.like(await failureOf(complete(client, id, bare)), { code: 'InvalidRequest' });
  const other = client.send(
    new UploadPartCommand({
      Bucket,
      Key,
      UploadId: id,
      PartNumber: 2,
      Body: last,
      ChecksumAlgorithm: 'SHA1',
    }),
  );
  t.like(await failureOf(other), { code: 'InvalidRequest' });
});

for (const [algorithm, type] of [
  ['SHA256', 'FULL_OBJECT'],
  ['CRC64NVME', 'COMPOSITE'],
] as const)
  test(`${algorithm} cannot be ${type}`, async t => {
    const { client } = await start(t);
    const made = create(client, { ChecksumAlgorithm: algorithm, ChecksumType: type });
    t.like(await failureOf(made), { code: 'InvalidRequest', status: 400 });
  });

test('parts are listed page by page, replaced by number, and gone after an abort', async t => {
  const { client, data } = await start(t);
  const UploadId = await create(client);
  await upload(client, UploadId, [last, last, last]);
  await upload(client, UploadId, [Buffer.from('again')]);
  const page = await client.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }));
  t.deepEqual(
    page.Parts?.map(each => [each.PartNumber, each.Size]),
    [
      [1, 5],
      [2, 7],
    ],
  );
  t.like(page, { IsTruncated: true, NextPartNumberMarker: '2' });
  const rest = await client.send(new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: '2' }));
  t.deepEqual(
    rest.Parts?.map(each => each.PartNumber),
    [3],
  );
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  const late = client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: last }));
  t.like(await failureOf(late), { code: 'NoSuchUpload', status: 404 });
  t.deepEqual(await filesIn(path.join(data, 'buckets', Bucket)), ['bucket.json']);
});

test('uploads are listed by key and grouped by delimiter', async t => {
  const { client } = await start(t);
  for (const each of ['b', 'a/1', 'a/2']) await create(client, { Key: each });
  const list = (more: object) => client.send(new ListMultipartUploadsCommand({ Bucket, ...more }));
  t.deepEqual(
    (await list({})).Uploads?.map(each => each.Key),
    ['a/1', 'a/2', 'b'],
  );
  const grouped = await list({ Delimiter: '/' });
  t.deepEqual([grouped.CommonPrefixes, grouped.Uploads?.map(each => each.Key)], [[{ Prefix: 'a/' }], ['b']]);
  const page = await list({ MaxUploads: 1 });
  await client.send(
    new AbortMultipartUploadCommand({ Bucket, Key: 'a/1', UploadId: page.NextUploadIdMarker }),
  );
  const next = await list({ KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker });
  t.deepEqual(
    next.Uploads?.map(each => each.Key),
    ['a/2', 'b'],
  );
});

test('parts may be copied from objects, whole or in ranges', async t => {
  const { client } = await start(t);
  await client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: whole }));
  const UploadId = await create(client);
  const copy = async (PartNumber: number, CopySourceRange: string) => {
    const CopySource = `${Bucket}/source`;
    const answer = await client.send(
      new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber, CopySource, CopySourceRange }),
    );
    return { PartNumber, ETag: answer.CopyPartResult?.ETag };
  };
  const parts = [
    await copy(1, `bytes=0-${smallest - 1}`),
    await copy(2, `bytes=${smallest}-${whole.length - 1}`),
  ];
  await complete(client, UploadId, parts);
  t.true((await read(client)).equals(whole));
  t.like(await failureOf(copy(3, `bytes=0-${whole.length}`)), { code: 'NoSuchUpload' });
});

test('an upload survives a restart and can be completed then', async t => {
  const before = await start(t);
  const id = await create(before.client);
  const parts = await upload(before.client, id, [last]);
  await before.service.close();
  const { client } = await startServer(t, { data: before.data });
  await complete(client, id, parts);
  t.deepEqual(await read(client), last);
});
