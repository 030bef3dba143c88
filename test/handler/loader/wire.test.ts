/** R4 on real wires: TLS, a store that verifies signatures, and the parts of the downloader that are pure. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import test from 'ava';
import { formatLock } from '../../../artifact/lock.ts';
import { parseRefusal } from '../../../handler/download/answer.ts';
import { pauseMs } from '../../../handler/download/pause.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { isRetriable } from '../../../handler/retriable.ts';
import { rootKey, startServer } from '../../local-aws/s3/support.ts';
import { lockOf, makeArtifact, region, smallPackage } from '../../support/artifact.ts';
import { serve } from '../../support/chaos-s3.ts';
import { bundle, runLoad } from '../../support/load-process.ts';
import { loaderWorld } from '../../support/loader-world.ts';

const made = await makeArtifact(smallPackage);

test('a store that verifies signatures gives a version, under a prefix that needs escaping', async t => {
  const { endpoint, client } = await startServer(t);
  const { settings } = loaderWorld(t, endpoint);
  const bucket = 'wire.test';
  const key = `a b+c/ü(!)*'~/${made.artifact.s3.key}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const put = await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: made.zip }));
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a later version' }));
  const artifact = {
    ...made.artifact,
    s3: { key },
    published: { [region]: { bucket, versionId: put.VersionId ?? '' } },
  };
  const here = { ...settings, credentials: async () => rootKey };
  t.is((await resolveDependencies(lockOf([artifact]), here)).artifacts[0]?.source, 's3');

  const wrong = { ...rootKey, secretAccessKey: 'wrong' };
  fs.rmSync(settings.dir, { recursive: true });
  await t.throwsAsync(resolveDependencies(lockOf([artifact]), { ...here, credentials: async () => wrong }), {
    code: 'DEPS_CREDS',
  });
  const gone = { ...artifact, published: { [region]: { bucket: 'no-such-bucket' } } };
  await t.throwsAsync(resolveDependencies(lockOf([gone]), here), { code: 'DEPS_NO_BUCKET' });
});

test('https: a certificate that is trusted, and one that is not', async t => {
  const { folder, env } = loaderWorld(t, 'https://127.0.0.1:1');
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert];
  if (spawnSync('openssl', [...words.split(' '), ...names]).status !== 0) {
    t.log('SKIPPED: no openssl to make a certificate with');
    t.pass();
    return;
  }
  const server = https.createServer(
    { key: fs.readFileSync(key), cert: fs.readFileSync(cert) },
    serve(made.zip),
  );
  t.teardown(() => void server.close());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const child = await bundle(new URL('../../support/load-child.ts', import.meta.url));
  t.teardown(() => fs.rmSync(path.dirname(child), { recursive: true, force: true }));
  const lockFile = path.join(folder, 'deps.lock.json');
  fs.writeFileSync(lockFile, formatLock(lockOf([made.artifact])));
  const all = {
    ...env,
    AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    LOAD_LOCK: lockFile,
  };
  const stranger = await runLoad([process.execPath, child], all);
  t.is(stranger.error?.code, 'DEPS_UNREACHABLE');
  t.regex(String(stranger.error?.details['found']), /CERT/);
  const trusted = await runLoad([process.execPath, child], { ...all, NODE_EXTRA_CA_CERTS: cert });
  t.deepEqual(trusted.sources, { core: 's3' }, JSON.stringify(trusted.error));
});

test('a refusal is boiled down to what is needed, and nothing that a terminal would obey', t => {
  const xml =
    '<Error><Code>SlowDown</Code><Message>wait\u001b[31m\r\nnow</Message><Region>eu-west-1</Region></Error>';
  const headers = {
    date: 'Tue, 01 Dec 2026 10:00:00 GMT',
    'retry-after': 'Tue, 01 Dec 2026 10:00:07 GMT',
    'x-amz-request-id': 'R\n1',
  };
  t.deepEqual(parseRefusal(503, headers, xml), {
    status: 503,
    code: 'SlowDown',
    message: 'wait?[31m??now',
    region: 'eu-west-1',
    retryAfterMs: 7000,
    requestId: 'R?1',
    date: Date.parse(headers.date),
  });
  t.is(parseRefusal(500, { 'x-amz-request-id': 'R'.repeat(200) }, '').requestId, 'R'.repeat(100));
  t.deepEqual(parseRefusal(500, {}, 'x'), {
    status: 500,
    code: '',
    message: '',
    region: undefined,
    retryAfterMs: undefined,
    requestId: '',
    date: undefined,
  });
});

const regions: readonly [string, IncomingHttpHeaders, string | undefined][] = [
  ['the header', { 'x-amz-bucket-region': 'eu-west-1' }, 'eu-west-1'],
  ['a host of AWS', { location: 'https://bucket.s3.eu-west-1.amazonaws.com/k' }, 'eu-west-1'],
  ['an older host of AWS', { location: 'https://s3-us-west-2.amazonaws.com/b/k' }, 'us-west-2'],
  ['a host of AWS in China', { location: 'https://bucket.s3.cn-north-1.amazonaws.com.cn/k' }, 'cn-north-1'],
  ['plain http', { location: 'http://b.s3.eu-west-1.amazonaws.com/k' }, undefined],
  ['another host', { location: 'https://evil.example/s3.eu-west-1.amazonaws.com/' }, undefined],
  [
    'a host that only begins like AWS',
    { location: 'https://s3.eu-west-1.amazonaws.com.evil.example/' },
    undefined,
  ],
  [
    'a user name that looks like AWS',
    { location: 'https://s3.eu-west-1.amazonaws.com@evil.example/' },
    undefined,
  ],
  [
    'an address inside of another',
    { location: 'http://evil.example/?https://b.s3.eu-west-1.amazonaws.com/' },
    undefined,
  ],
  ['a header that is no region', { 'x-amz-bucket-region': 'a/../b' }, undefined],
  ['a header that begins otherwise', { 'x-amz-bucket-region': '/eu-west-1' }, undefined],
  ['a header that goes on', { 'x-amz-bucket-region': 'eu-west-1.evil.example' }, undefined],
];

for (const [title, headers, expected] of regions) {
  test(`the region in a redirect, by ${title}: ${expected ?? 'none'}`, t => {
    t.is(parseRefusal(307, headers, '').region, expected);
  });
}

const waits: readonly [string, number | undefined][] = [
  ['0', 0],
  ['3', 3000],
  ['99999999', undefined],
  ['soon', undefined],
  ['-1', undefined],
  ['Tue, 01 Dec 2026 09:00:00 GMT', undefined],
  ['Tue, 01 Dec 2026 10:00:00 GMT', 0],
  ['999999', 999_999_000],
];

for (const [value, expected] of waits) {
  test(`Retry-After: ${value} is ${expected ?? 'no'} ms`, t => {
    const headers = { date: 'Tue, 01 Dec 2026 10:00:00 GMT', 'retry-after': value };
    t.is(parseRefusal(503, headers, '').retryAfterMs, expected);
  });
}

test('pauses have full jitter below a ceiling that doubles', t => {
  const bounds = { backoffMs: 10, backoffCapMs: 50 };
  t.deepEqual(
    [1, 2, 3, 4].map(attempts => pauseMs(attempts, bounds, () => 1)),
    [10, 20, 40, 50],
  );
  t.is(
    pauseMs(3, bounds, () => 0),
    0,
  );
});

test('only foreseen failures of the moment are worth a later try', t => {
  t.false(isRetriable(new Error('a bug')));
});
