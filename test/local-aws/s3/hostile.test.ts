/** Requests nobody should send: properly signed, otherwise arbitrary. None may be an internal error or stop the server. */
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import test from 'ava';
import fc from 'fast-check';
import { presign, type RawRequest, send } from './signed-request.ts';
import { startServer } from './support.ts';

const Bucket = 'hostile';
const requests = 300;

const names = [
  ...[
    'acl',
    'attributes',
    'delete',
    'encryption',
    'lifecycle',
    'location',
    'ownershipControls',
    'policy',
    'list-type',
  ],
  ...[
    'publicAccessBlock',
    'tagging',
    'uploads',
    'versioning',
    'versions',
    'prefix',
    'delimiter',
    'max-keys',
    'marker',
  ],
  ...[
    'key-marker',
    'version-id-marker',
    'upload-id-marker',
    'continuation-token',
    'start-after',
    'encoding-type',
  ],
  ...[
    'uploadId',
    'partNumber',
    'versionId',
    'response-content-type',
    'max-parts',
    'part-number-marker',
    '__proto__',
  ],
];
const headerNames = [
  ...[
    'range',
    'if-match',
    'if-none-match',
    'if-modified-since',
    'content-md5',
    'content-type',
    'x-amz-copy-source',
  ],
  ...[
    'x-amz-copy-source-range',
    'x-amz-metadata-directive',
    'x-amz-tagging',
    'x-amz-checksum-mode',
    'x-amz-trailer',
  ],
  ...[
    'x-amz-checksum-crc32',
    'x-amz-sdk-checksum-algorithm',
    'x-amz-checksum-type',
    'x-amz-meta-__proto__',
    'x-amz-acl',
  ],
  ...[
    'x-amz-decoded-content-length',
    'x-amz-content-sha256',
    'x-amz-object-attributes',
    'x-amz-mp-object-size',
  ],
];
const values = [
  ...[
    '',
    '0',
    '1',
    '2',
    '-1',
    '1e9',
    '99999999999999999999',
    'true',
    'null',
    '*',
    '"x"',
    '/',
    '../..',
    '%',
    '%00',
    'url',
  ],
  ...[
    'bytes=0-0',
    'bytes=-',
    'bytes=99999999999999999999-',
    'CRC32',
    'SHA256',
    'COMPOSITE',
    'REPLACE',
    'ENABLED',
    'é',
  ],
  ...[
    `${Bucket}/key`,
    `${Bucket}/key?versionId=`,
    '%ff',
    'a=b&a=b',
    'ETag,Checksum',
    'AAAAAA==',
    'x'.repeat(2000),
  ],
  ...[
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'UNSIGNED-PAYLOAD',
    'x-amz-checksum-crc32',
  ],
];
const bodies = [
  ...[
    '',
    'x',
    '<',
    '<a/>',
    '{}',
    '{"Statement":[]}',
    '{"Statement":{"Effect":"Deny","Principal":"*"}}',
    '0\r\n\r\n',
  ],
  '<Delete><Object><Key>gone</Key></Object><Object/></Delete>',
  '<Delete><Object><Key>key</Key><VersionId>null</VersionId></Object></Delete>',
  '<CompleteMultipartUpload><Part><PartNumber>1e3</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>',
  '<Tagging><TagSet><Tag><Key>__proto__</Key><Value/></Tag></TagSet></Tagging>',
  '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  '<LifecycleConfiguration><Rule><Status/></Rule></LifecycleConfiguration>',
  '<CreateBucketConfiguration><LocationConstraint>..</LocationConstraint></CreateBucketConfiguration>',
];
const paths = [
  '/',
  `/${Bucket}`,
  `/${Bucket}/`,
  `/${Bucket}/key`,
  `/${Bucket}/upload`,
  '/none/key',
  '/..',
  '/%2e%2e/key',
  '//',
  '/constructor',
];

const pairs = (keys: readonly string[]) =>
  fc
    .array(fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...values)), { maxLength: 4 })
    .map(entries => Object.fromEntries(entries));

test(`${requests} arbitrary requests are all answered, none with 500`, async t => {
  const server = await startServer(t);
  const { client } = server;
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
  );
  await client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'value' }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'upload' }));
  const request = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
    path: fc.constantFrom(...paths),
    query: fc.oneof(
      pairs(names),
      pairs(names).map(query => ({ ...query, uploadId: UploadId ?? '' })),
    ),
    headers: pairs(headerNames),
    body: fc.constantFrom(...bodies),
  });
  const seen = new Set<number>();
  const answered = async (raw: RawRequest) => {
    // The value of a header cannot hold every character; the query can.
    const headers = Object.entries(raw.headers ?? {}).map(([name, value]) => [name, value.trim()] as const);
    const answer = await send(server, { ...raw, headers: Object.fromEntries(headers) });
    seen.add(answer.status);
    return answer.status < 500 || answer.status === 501;
  };
  await fc.assert(fc.asyncProperty(request, answered), {
    seed: 20_261_123,
    numRuns: requests,
    endOnFailure: true,
  });
  t.is((await client.send(new ListObjectsV2Command({ Bucket }))).$metadata.httpStatusCode, 200);
  t.log(`statuses seen: ${[...seen].toSorted((a, b) => a - b).join(' ')}`);
});

test('readers who go away, at any moment, leave no file open', async t => {
  const { client, data, endpoint, service } = await startServer(t);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: Buffer.alloc(3_000_000) }));
  const url = await presign({ endpoint }, `/${Bucket}/key`);
  for (let count = 0; count < 30; count += 1) {
    const { hostname, port } = new URL(endpoint);
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${url} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    if (count % 3 === 0) socket.destroy();
    else socket.once('data', () => (count % 3 === 1 ? socket.destroy() : socket.resetAndDestroy()));
    await once(socket, 'close');
  }
  await service.close();
  if (process.platform !== 'linux') return t.log('SKIPPED: open files are counted on Linux only');
  const open = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  t.deepEqual(
    open.filter(file => file.startsWith(data)),
    [],
  );
  return undefined;
});
