/** Checksums: computed as S3 does, verified on the way in, returned on the way out. */
import {
  type ChecksumAlgorithm,
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import test from 'ava';
import { checksumAlgorithms, createHasher, encode } from '../../../local-aws/s3/body/checksums.ts';
import { send } from './signed-request.ts';
import { startServer } from './support.ts';

const Bucket = 'checksums';

// The check values of the CRC catalogue and of the hashes, over the nine bytes "123456789".
const known = {
  crc32: 'cbf43926',
  crc32c: 'e3069283',
  crc64nvme: 'ae8b14860a799888',
  sha1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  sha256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
  md5: '25f9e794323b453885f5181f1b624d0b',
  xxhash64: '8cb841db40e6ae83',
} as const;

for (const [algorithm, hex] of Object.entries(known) as [keyof typeof known, string][])
  test(`${algorithm} of "123456789" is the published check value, whole or in pieces`, async t => {
    for (const pieces of [['123456789'], ['1', '', '2345678', '9']]) {
      const hasher = createHasher(algorithm);
      for (const piece of pieces) hasher.update(Buffer.from(piece));
      t.is(Buffer.from(await hasher.digest()).toString('hex'), hex);
    }
  });

for (const algorithm of checksumAlgorithms)
  test(`${algorithm} is verified, kept and returned when asked for`, async t => {
    const server = await startServer(t);
    await server.client.send(new CreateBucketCommand({ Bucket }));
    const name = `x-amz-checksum-${algorithm}`;
    const hasher = createHasher(algorithm);
    hasher.update(Buffer.from('hello'));
    const value = encode(await hasher.digest());
    const put = { method: 'PUT', path: `/${Bucket}/k`, body: 'hello' };
    const wrong = await send(server, { ...put, body: 'hellp', headers: { [name]: value } });
    t.is(wrong.element('Code'), 'BadDigest');
    const malformed = await send(server, { ...put, headers: { [name]: 'AAA=' } });
    t.is(malformed.element('Code'), 'InvalidRequest');
    const right = await send(server, { ...put, headers: { [name]: value } });
    t.is(right.headers[name], value);
    const path = `/${Bucket}/k`;
    t.is((await send(server, { path })).headers[name], undefined);
    const mode = { 'x-amz-checksum-mode': 'ENABLED' };
    const asked = await send(server, { path, headers: mode });
    t.is(asked.headers[name], value);
    t.is(asked.headers['x-amz-checksum-type'], 'FULL_OBJECT');
    const partial = await send(server, { path, headers: { ...mode, range: 'bytes=0-1' } });
    t.is(partial.headers[name], undefined);
  });

const fromClient: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME'];

for (const ChecksumAlgorithm of fromClient)
  test(`the SDK's own ${ChecksumAlgorithm} is accepted and checked by the SDK on return`, async t => {
    const { client } = await startServer(t);
    await client.send(new CreateBucketCommand({ Bucket }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello', ChecksumAlgorithm }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    t.is(await Body?.transformToString(), 'hello');
  });

test('an object that came without a checksum gets CRC64NVME', async t => {
  const server = await startServer(t);
  await server.client.send(new CreateBucketCommand({ Bucket }));
  await send(server, { method: 'PUT', path: `/${Bucket}/k`, body: '123456789' });
  const head = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }));
  t.is(head.ChecksumCRC64NVME, Buffer.from(known.crc64nvme, 'hex').toString('base64'));
});

const refused = [
  ['two at once', { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-crc32c': 'AAAAAA==' }],
  ['an algorithm without a value', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }],
  [
    'an algorithm that contradicts',
    { 'x-amz-sdk-checksum-algorithm': 'SHA1', 'x-amz-checksum-crc32': 'AAAAAA==' },
  ],
  ['an unknown algorithm', { 'x-amz-sdk-checksum-algorithm': 'CRC16' }],
] as const;

for (const [title, headers] of refused)
  test(`an upload with ${title} is InvalidRequest`, async t => {
    const server = await startServer(t);
    await server.client.send(new CreateBucketCommand({ Bucket }));
    const answer = await send(server, {
      method: 'PUT',
      path: `/${Bucket}/k`,
      body: 'x',
      headers: { ...headers },
    });
    t.is(answer.element('Code'), 'InvalidRequest');
  });
