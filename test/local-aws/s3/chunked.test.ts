/** aws-chunked bodies: AWS's published examples, every way to break the framing, and any cut between packets. */
import { createHash, createHmac } from 'node:crypto';
import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import test from 'ava';
import fc from 'fast-check';
import { decodeChunked } from '../../../local-aws/s3/body/aws-chunked.ts';
import { createChunkSignatures } from '../../../local-aws/s3/body/chunk-signatures.ts';
import { send } from './signed-request.ts';
import { failureOf, startServer } from './support.ts';

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  if (at < bytes.length) yield bytes.subarray(at);
}

async function decode(
  bytes: Buffer | string,
  options: Partial<Parameters<typeof decodeChunked>[1]> = {},
  sizes: readonly number[] = [],
) {
  const pieces: Buffer[] = [];
  const trailer = await decodeChunked(
    cut(Buffer.from(bytes), sizes),
    { signatures: undefined, hasTrailer: true, ...options },
    piece => void pieces.push(piece),
  );
  return { data: Buffer.concat(pieces), trailer };
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html
const scope = { date: '20130524', region: 'us-east-1', service: 's3' };
const signingKey = [scope.date, scope.region, scope.service, 'aws4_request'].reduce<Buffer>(
  (key, part) => createHmac('sha256', key).update(part).digest(),
  Buffer.from('AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
);
const examples = [
  {
    title: 'signed chunks',
    seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    chunks: [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ],
    trailer: '',
  },
  {
    title: 'signed chunks with a signed trailer',
    seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    chunks: [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ],
    trailer:
      'x-amz-checksum-crc32c:sOO8/Q==\r\n' +
      'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n',
  },
];

for (const { title, seed, chunks, trailer } of examples) {
  const [first, second, last] = chunks;
  const text =
    `10000;chunk-signature=${first}\r\n${'a'.repeat(65_536)}\r\n` +
    `400;chunk-signature=${second}\r\n${'a'.repeat(1024)}\r\n0;chunk-signature=${last}\r\n${trailer}\r\n`;
  const signatures = () =>
    createChunkSignatures({
      signature: seed,
      timestamp: '20130524T000000Z',
      scope,
      signingKey,
      payloadHash: '',
      principal: { accessKeyId: '', secretAccessKey: '', arn: '' },
    });
  const options = () => ({ signatures: signatures(), hasTrailer: trailer !== '' });

  test(`AWS's example verifies: ${title}`, async t => {
    const { data } = await decode(text, options());
    t.is(data.length, 66_560);
  });
  test(`one changed byte anywhere breaks it: ${title}`, async t => {
    for (const at of [100, 65_700, text.length - 50, text.indexOf('0;chunk') + 20]) {
      const bytes = Buffer.from(text);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await t.throwsAsync(decode(bytes, options()), undefined, `byte ${at}`);
    }
  });
}

const broken = [
  ['an empty body', '', 'IncompleteBody'],
  ['a size that is no number', 'x\r\nabc\r\n0\r\n\r\n', 'IncompleteBody'],
  ['a negative size', '-1\r\n', 'IncompleteBody'],
  ['a size beyond reason', `${'f'.repeat(13)}\r\n`, 'IncompleteBody'],
  ['data cut short', '5\r\nab', 'IncompleteBody'],
  ['no end', '5\r\nabcde\r\n', 'IncompleteBody'],
  ['data longer than its size', '2\r\nabc\r\n0\r\n\r\n', 'IncompleteBody'],
  ['bytes after the end', '0\r\n\r\nmore', 'IncompleteBody'],
  ['a framing line without end', `5${' '.repeat(10_000)}`, 'IncompleteBody'],
  ['a trailer line without a colon', '0\r\nnonsense\r\n\r\n', 'MalformedTrailerError'],
  ['a trailer of many lines', `0\r\n${'a:b\r\n'.repeat(100)}\r\n`, 'MalformedTrailerError'],
  ['two small chunks', '2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n', 'InvalidChunkSizeError'],
] as const;

for (const [title, text, code] of broken)
  test(`refused: ${title}`, async t => {
    await t.throwsAsync(decode(text), { code } as object);
  });

test('the same bytes come out however the packets are cut', async t => {
  const body = `2000\r\n${'x'.repeat(8192)}\r\n2001\r\n${'y'.repeat(8193)}\r\n3\r\nend\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`;
  const expected = `${'x'.repeat(8192)}${'y'.repeat(8193)}end`;
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 9000 })), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(sizes, async cuts => {
      const { data, trailer } = await decode(body, {}, cuts);
      return data.toString() === expected && trailer.get('x-amz-checksum-crc32') === 'AAAAAA==';
    }),
    { numRuns: 200, seed: 20_261_123 },
  );
  t.pass();
});

const Bucket = 'chunked';
const unsigned = {
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'content-encoding': 'aws-chunked,gzip',
  'x-amz-trailer': 'x-amz-checksum-crc32',
  'x-amz-decoded-content-length': '5',
};
const uploads = [
  ['the right trailer', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', {}, undefined],
  ['a wrong trailer', '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', {}, 'BadDigest'],
  [
    'a trailer that is no checksum',
    '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAA\r\n\r\n',
    {},
    'InvalidRequest',
  ],
  ['a missing trailer', '5\r\nhello\r\n0\r\n\r\n', {}, 'MalformedTrailerError'],
  [
    'another trailer than announced',
    '5\r\nhello\r\n0\r\nx-amz-checksum-sha1:x\r\n\r\n',
    {},
    'MalformedTrailerError',
  ],
  [
    'more bytes than declared',
    '6\r\nhello!\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
    {},
    'IncompleteBody',
  ],
  [
    'fewer bytes than declared',
    '4\r\nhell\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
    {},
    'IncompleteBody',
  ],
  ['no announcement of the trailer', '0\r\n\r\n', { 'x-amz-trailer': '' }, 'InvalidRequest'],
  ['no decoded length', '0\r\n\r\n', { 'x-amz-decoded-content-length': undefined }, 'MissingContentLength'],
] as const;

for (const [title, body, change, code] of uploads)
  test(`an unsigned chunked upload with ${title} is ${code ?? 'stored'}`, async t => {
    const server = await startServer(t);
    await server.client.send(new CreateBucketCommand({ Bucket }));
    const headers = Object.fromEntries(
      Object.entries({ ...unsigned, ...change }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
    const answer = await send(server, { method: 'PUT', path: `/${Bucket}/key`, headers, body });
    t.is(answer.element('Code'), code);
    const get = server.client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
    if (code !== undefined) t.like(await failureOf(get), { code: 'NoSuchKey' });
    else t.like(await get, { ContentLength: 5, ContentEncoding: 'gzip', ChecksumCRC32: 'NhCmhg==' });
  });

/** Frames `data` in two chunks, each signed over the one before it, with code of the test's own. */
function frameSigned(headers: Readonly<Record<string, string>>, data: string, spoil: string): string {
  const date = headers['x-amz-date'] ?? '';
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = ['us-east-1', 's3', 'aws4_request'].reduce(hmac, hmac('AWS4test', date.slice(0, 8)));
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  let previous = headers['authorization']?.split('Signature=')[1] ?? '';
  const chunk = (text: string) => {
    const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
    const signed = ['AWS4-HMAC-SHA256-PAYLOAD', date, scope, previous, hash(''), hash(text)].join('\n');
    previous = hmac(key, signed).toString('hex');
    return `${text.length.toString(16)};chunk-signature=${previous}\r\n${text === 'end' ? spoil : text}\r\n`;
  };
  return chunk(data) + chunk('end') + chunk('');
}

for (const [title, spoil, code] of [
  ['stored when every chunk is what was signed', 'end', undefined],
  ['refused when one chunk is not', 'End', 'SignatureDoesNotMatch'],
] as const)
  test(`a body in signed chunks is ${title}`, async t => {
    const server = await startServer(t);
    await server.client.send(new CreateBucketCommand({ Bucket }));
    const data = 'x'.repeat(8192);
    const headers = {
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-decoded-content-length': '8195',
    };
    const frame = (signed: Readonly<Record<string, string>>) => frameSigned(signed, data, spoil);
    const answer = await send(server, { method: 'PUT', path: `/${Bucket}/key`, headers, frame });
    t.is(answer.element('Code'), code);
    const get = server.client.send(new GetObjectCommand({ Bucket, Key: 'key' }));
    if (code === undefined) t.is(await (await get).Body?.transformToString(), `${data}end`);
    else t.like(await failureOf(get), { code: 'NoSuchKey' });
  });

test('a stream of small pieces is refused as at S3, answered in full, and its rest is not waited for', async t => {
  const server = await startServer(t);
  await server.client.send(new CreateBucketCommand({ Bucket }));
  const requestHandler = { httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }) };
  const client = server.connect({ requestHandler });
  const pieces = [Buffer.from('abc'), ...Array.from({ length: 200 }, () => Buffer.alloc(100_000))];
  const put = { Bucket, Key: 'key', ContentLength: 20_000_003 };
  const refused = client.send(new PutObjectCommand({ ...put, Body: Readable.from(pieces) }));
  t.like(await failureOf(refused), { code: 'InvalidChunkSizeError', status: 400 });
  t.is((await t.throwsAsync<S3ServiceException>(refused))?.$response?.headers['connection'], 'close');
  t.like(await failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'key' }))), { code: 'NoSuchKey' });
  const buffered = server.connect({ requestHandler, requestStreamBufferSize: 65_536 });
  await buffered.send(new PutObjectCommand({ ...put, Body: Readable.from(pieces) }));
});

test('a body may not come with plain chunked transfer, which S3 does not know either', async t => {
  const server = await startServer(t);
  const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'transfer-encoding': 'chunked' };
  await server.client.send(new CreateBucketCommand({ Bucket }));
  const answer = await send(server, { method: 'PUT', path: `/${Bucket}/key`, headers, body: 'hello' });
  t.is(answer.status, 501);
});

test('an empty stream is an empty object', async t => {
  const { client } = await startServer(t);
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: Buffer.alloc(0) }));
  t.like(await client.send(new GetObjectCommand({ Bucket, Key: 'empty' })), { ContentLength: 0 });
});
