/** Signatures: AWS's own published examples, and every way a request is refused. */
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import test from 'ava';
import { createCredentialStore } from '../../../local-aws/credentials.ts';
import { verifySignature } from '../../../local-aws/http/signature.ts';
import { type RawRequest, send, sendRaw } from './signed-request.ts';
import { failureOf, rootKey, startServer } from './support.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
const example = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  arn: 'arn:aws:iam::000000000000:user/example',
};
const host = 'examplebucket.s3.amazonaws.com';
const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const scope = `${example.accessKeyId}/20130524/us-east-1/s3/aws4_request`;

const examples = [
  {
    title: 'GET with a range',
    url: '/test.txt',
    headers: { range: 'bytes=0-9' },
    signed: 'host;range;x-amz-content-sha256;x-amz-date',
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    title: 'GET of a lifecycle, a query without a value',
    url: '/?lifecycle',
    headers: {},
    signed: 'host;x-amz-content-sha256;x-amz-date',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    title: 'GET of a list, query out of order',
    url: '/?prefix=J&max-keys=2',
    headers: {},
    signed: 'host;x-amz-content-sha256;x-amz-date',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
] as const;

for (const { title, url, headers, signed, signature } of examples) {
  test(`AWS's example verifies: ${title}`, t => {
    const all: Record<string, string> = {
      ...headers,
      host,
      'x-amz-content-sha256': empty,
      'x-amz-date': '20130524T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${signed},Signature=${signature}`,
    };
    const headersDistinct = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]]));
    const { principal } = verifySignature(
      { method: 'GET', url, headersDistinct },
      { service: 's3', credentials: createCredentialStore([example]), now: Date.UTC(2013, 4, 24) },
    );
    t.is(principal.arn, example.arn);
  });
}

test("AWS's example of a presigned URL verifies within its day and not after", t => {
  const url =
    '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
    '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
  const request = { method: 'GET', url, headersDistinct: { host: [host] } };
  const verify = (now: number) =>
    verifySignature(request, { service: 's3', credentials: createCredentialStore([example]), now });
  const day = Date.UTC(2013, 4, 24);
  t.is(verify(day + 86_400_000).payloadHash, 'UNSIGNED-PAYLOAD');
  t.like(
    t.throws(() => verify(day + 86_401_000)),
    { code: 'AccessDenied', message: 'Request has expired.' },
  );
});

interface Refusal {
  readonly title: string;
  readonly request: Partial<RawRequest>;
  readonly code: string;
  readonly status: number;
}

const refusals: readonly Refusal[] = [
  {
    title: 'a wrong secret',
    request: { key: { ...rootKey, secretAccessKey: 'wrong' } },
    code: 'SignatureDoesNotMatch',
    status: 403,
  },
  {
    title: 'an unknown access key',
    request: { key: { ...rootKey, accessKeyId: 'NOBODY' } },
    code: 'InvalidAccessKeyId',
    status: 403,
  },
  {
    title: 'a clock sixteen minutes behind',
    request: { date: new Date(Date.now() - 16 * 60_000) },
    code: 'RequestTimeTooSkewed',
    status: 403,
  },
  {
    title: 'a header changed after signing',
    request: {
      headers: { 'x-amz-meta-a': '1' },
      tamper: headers => {
        headers['x-amz-meta-a'] = '2';
      },
    },
    code: 'SignatureDoesNotMatch',
    status: 403,
  },
  {
    title: 'an x-amz header added after signing',
    request: {
      tamper: headers => {
        headers['x-amz-acl'] = 'private';
      },
    },
    code: 'AccessDenied',
    status: 403,
  },
  {
    title: 'a right signature with more behind it',
    request: {
      tamper: headers => {
        headers['authorization'] += 'x';
      },
    },
    code: 'SignatureDoesNotMatch',
    status: 403,
  },
  {
    title: 'an expired presigned URL',
    request: { presign: 60, date: new Date(Date.now() - 61_000) },
    code: 'AccessDenied',
    status: 403,
  },
  {
    title: 'a token nobody gave',
    request: { key: { ...rootKey, sessionToken: 'made-up' } },
    code: 'InvalidToken',
    status: 400,
  },
  {
    title: 'temporary keys without their token',
    request: { key: { accessKeyId: 'ASIATEMP', secretAccessKey: 'temp' } },
    code: 'InvalidAccessKeyId',
    status: 403,
  },
  {
    title: 'temporary keys with another token',
    request: { key: { accessKeyId: 'ASIATEMP', secretAccessKey: 'temp', sessionToken: 'other' } },
    code: 'InvalidToken',
    status: 400,
  },
  {
    title: 'temporary keys after their time',
    request: { key: { accessKeyId: 'ASIAOLD', secretAccessKey: 'old', sessionToken: 'old-token' } },
    code: 'ExpiredToken',
    status: 400,
  },
];

for (const { title, request, code, status } of refusals) {
  test(`refused: ${title}`, async t => {
    const server = await startServer(t);
    const arn = 'arn:aws:sts::000000000000:assumed-role/r/s';
    server.credentials.add({ accessKeyId: 'ASIATEMP', secretAccessKey: 'temp', sessionToken: 'token', arn });
    server.credentials.add({
      accessKeyId: 'ASIAOLD',
      secretAccessKey: 'old',
      sessionToken: 'old-token',
      expiresAt: 1,
      arn,
    });
    const answer = await send(server, { path: '/bucket', ...request });
    t.is(answer.element('Code'), code);
    t.is(answer.status, status);
    t.notRegex(answer.body.toString(), /wrong|temp"|old-token/);
    t.regex(answer.element('RequestId') ?? '', /^[0-9A-F]{16}$/);
  });
}

test('temporary keys work with their token, in the header and in a presigned URL', async t => {
  const server = await startServer(t);
  const key = { accessKeyId: 'ASIATEMP', secretAccessKey: 'temp', sessionToken: 'to/k+en=' };
  server.credentials.add({ ...key, arn: 'arn:aws:sts::000000000000:assumed-role/r/s' });
  t.is((await send(server, { path: '/', key })).status, 200);
  t.is((await send(server, { path: '/', key, presign: 60 })).status, 200);
  server.credentials.remove(key.accessKeyId);
  t.is((await send(server, { path: '/', key })).element('Code'), 'InvalidAccessKeyId');
});

test('a presigned URL for eight days is refused, however well it is signed', async t => {
  const answer = await sendRaw(
    await startServer(t),
    'GET',
    `/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=${8 * 86_400}&X-Amz-Credential=c&X-Amz-SignedHeaders=host&X-Amz-Signature=s`,
    {},
  );
  t.is(answer.status, 400);
  t.is(answer.element('Code'), 'AuthorizationQueryParametersError');
});

test('a request without any signature is AccessDenied', async t => {
  const answer = await sendRaw(await startServer(t), 'GET', '/bucket/key', {});
  t.is(answer.status, 403);
  t.is(answer.element('Code'), 'AccessDenied');
});

test('a client whose clock is off corrects itself by the Date of the refusal', async t => {
  const server = await startServer(t, { clock: () => Date.now() + 20 * 60_000 });
  const create = new CreateBucketCommand({ Bucket: 'bucket' });
  t.like(await failureOf(server.client.send(create)), { code: 'RequestTimeTooSkewed', status: 403 });
  const { $metadata } = await server.connect({ maxAttempts: 2 }).send(create);
  t.is($metadata.attempts, 2);
});

test('a signature of version 2 and one of version 4A are named as unsupported', async t => {
  const server = await startServer(t);
  const two = await sendRaw(server, 'GET', '/bucket/key?AWSAccessKeyId=test&Signature=x&Expires=1', {});
  const four = await sendRaw(server, 'GET', '/', { authorization: 'AWS4-ECDSA-P256-SHA256 Credential=x' });
  t.is(two.element('Code'), 'InvalidRequest');
  t.is(four.element('Code'), 'InvalidRequest');
});

test('a refused upload of many megabytes is answered, not reset, and the connection stays useful', async t => {
  const server = await startServer(t);
  const client = server.connect({ credentials: { ...rootKey, secretAccessKey: 'wrong' } });
  const put = new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: Buffer.alloc(20_000_000) });
  t.like(await failureOf(client.send(put)), { code: 'SignatureDoesNotMatch', status: 403 });
  t.like(await failureOf(client.send(new CreateBucketCommand({ Bucket: 'bucket' }))), { status: 403 });
});

for (const target of ['/%', '/bucket/%zz', '/bucket/%ff', '/bucket?prefix=%c3'])
  test(`a target that does not decode is InvalidURI: ${target}`, async t => {
    const answer = await sendRaw(await startServer(t), 'GET', target, { 'x-amz-date': 'x' });
    t.is(answer.status, 400);
    t.is(answer.element('Code'), 'InvalidURI');
  });
