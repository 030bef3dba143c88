/** FAULTS.md A1 to A7 and A19 to A26: what the object store says, row by row. */
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { systemClock } from '../../../handler/clock.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf, makeArtifact } from '../../support/artifact.ts';
import type { Step } from '../../support/chaos-s3.ts';
import { refuse, serve, startChaosS3, withoutLength } from '../../support/chaos-s3.ts';
import { loaderWorld, secret, token } from '../../support/loader-world.ts';
import { flipped, made, run, testRows, zip } from './run.ts';
import { plain } from './steps.ts';

const html = Buffer.from('<html>captive portal</html>');
const errorBody = Buffer.from('<Error><Code>InternalError</Code></Error>');
const slowDown = refuse(503, 'SlowDown', { headers: { 'retry-after': '0' } });

testRows({
  'A1 403 AccessDenied is final and names the permission': {
    script: [
      refuse(403, 'AccessDenied', {
        message: 'User: arn:aws:sts::1:x is not authorized to perform: s3:GetObject',
      }),
    ],
    requests: 1,
    code: 'DEPS_ACCESS_DENIED',
    hint: /s3:GetObject/,
  },
  'A2 404 NoSuchKey is final': {
    script: [refuse(404, 'NoSuchKey')],
    requests: 1,
    code: 'DEPS_NOT_FOUND',
    hint: /publish/,
  },
  'A2 404 NoSuchVersion is final': {
    script: [refuse(404, 'NoSuchVersion')],
    requests: 1,
    code: 'DEPS_NOT_FOUND',
  },
  'A2 a version that is a delete marker is final': {
    script: [refuse(405, 'MethodNotAllowed', { headers: { 'x-amz-delete-marker': 'true' } })],
    requests: 1,
    code: 'DEPS_NOT_FOUND',
  },
  'A3 403 for a missing key says that it may be missing': {
    script: [refuse(403, 'AccessDenied', { message: 'Access Denied' })],
    requests: 1,
    code: 'DEPS_ACCESS_DENIED',
    hint: /or the object does not exist/,
  },
  'A4 404 NoSuchBucket is final': {
    script: [refuse(404, 'NoSuchBucket')],
    requests: 1,
    code: 'DEPS_NO_BUCKET',
  },
  'A5 503 SlowDown twice, then it works': { script: [slowDown, slowDown, serve(zip)], requests: 3 },
  'A6 503 for ever ends at the last attempt': { script: [slowDown], requests: 4, code: 'DEPS_THROTTLED' },
  'A6 429 for ever is throttling too': {
    script: [refuse(429, 'TooManyRequests')],
    requests: 4,
    code: 'DEPS_THROTTLED',
  },
  'A7 500 is tried again': { script: [refuse(500, 'InternalError'), serve(zip)], requests: 2 },
  'A7 502 without XML is tried again': { script: [plain(502, 'bad gateway'), serve(zip)], requests: 2 },
  'A7 504 for ever': { script: [plain(504, 'timeout')], requests: 4, code: 'DEPS_RESPONSE', found: /504/ },
  'A7 200 with an error in the body is tried once more': {
    script: [serve(errorBody)],
    requests: 2,
    code: 'DEPS_DIGEST',
  },
  'A7 200 with an error of unknown length': {
    script: [withoutLength(errorBody)],
    requests: 2,
    code: 'DEPS_DIGEST',
  },
  'A7 a captive portal is no artifact': {
    script: [serve(html)],
    requests: 2,
    code: 'DEPS_DIGEST',
    found: /27 bytes/,
  },
  'A19 Content-Encoding added by a proxy': {
    script: [serve(gzipSync(zip), { 'content-encoding': 'gzip' })],
    requests: 2,
    code: 'DEPS_DIGEST',
    found: /content-encoding "gzip"/,
  },
  'A19 what a proxy says of itself is shortened and made printable': {
    script: [serve(gzipSync(zip), { 'content-encoding': `gzip\u00e9${'x'.repeat(60)}` })],
    requests: 2,
    code: 'DEPS_DIGEST',
    found: /content-encoding "gzip\?x{35}"$/,
  },
  'A20 another region by header is asked once': {
    script: [
      refuse(301, 'PermanentRedirect', { headers: { 'x-amz-bucket-region': 'eu-west-1' } }),
      serve(zip),
    ],
    requests: 2,
  },
  'A20 another region by XML is asked once': {
    script: [refuse(400, 'AuthorizationHeaderMalformed', { xml: '<Region>eu-west-1</Region>' }), serve(zip)],
    requests: 2,
  },
  'A20 two redirects are one too many': {
    script: [
      refuse(301, 'PermanentRedirect', { headers: { 'x-amz-bucket-region': 'eu-west-1' } }),
      refuse(307, 'TemporaryRedirect', { headers: { 'x-amz-bucket-region': 'eu-west-2' } }),
    ],
    requests: 2,
    code: 'DEPS_REGION',
  },
  'A20 a redirect out of AWS is not followed': {
    script: [
      refuse(307, 'TemporaryRedirect', { headers: { location: 'http://169.254.169.254/latest/meta-data/' } }),
    ],
    requests: 1,
    code: 'DEPS_REGION',
  },
  'A20 a region that is no region is not used': {
    script: [refuse(301, 'PermanentRedirect', { headers: { 'x-amz-bucket-region': 'evil.example/x' } })],
    requests: 1,
    code: 'DEPS_REGION',
  },
  'A21 a skewed clock for ever': {
    script: [refuse(403, 'RequestTimeTooSkewed')],
    requests: 2,
    code: 'DEPS_CLOCK',
  },
  'A22 an expired token for ever': { script: [refuse(400, 'ExpiredToken')], requests: 2, code: 'DEPS_CREDS' },
  'A22 a wrong secret is final': {
    script: [refuse(403, 'SignatureDoesNotMatch')],
    requests: 1,
    code: 'DEPS_CREDS',
  },
  'A23 a composite checksum header is no reason to doubt': {
    script: [serve(zip, { 'x-amz-checksum-sha256': 'AAAA-2', 'x-amz-checksum-type': 'COMPOSITE' })],
    requests: 1,
  },
  'A23 a right-looking checksum header is no reason to trust': {
    script: [serve(flipped, { 'x-amz-checksum-sha256': 'AAAA' })],
    requests: 2,
    code: 'DEPS_DIGEST',
  },
  'A26 KMS denies': {
    script: [
      refuse(403, 'AccessDenied', {
        message: 'not authorized to perform: kms:Decrypt on resource: arn:aws:kms',
      }),
    ],
    requests: 1,
    code: 'DEPS_ACCESS_DENIED',
    hint: /kms:Decrypt/,
  },
});

test('A5 pauses stay within the jitter and Retry-After within its cap', async t => {
  const waits: number[] = [];
  const clock = { ...systemClock, sleep: async (ms: number) => void waits.push(ms) };
  const ask = (seconds: string) => refuse(503, 'SlowDown', { headers: { 'retry-after': seconds } });
  const bounds = { backoffMs: 100, backoffCapMs: 150, retryAfterCapMs: 700 };
  const { error } = await run(
    t,
    [refuse(503, 'SlowDown'), refuse(500, 'InternalError'), ask('9999'), serve(zip)],
    {
      clock,
      random: () => 0.999,
      limits: bounds,
    },
  );
  t.is(error, undefined);
  t.deepEqual(waits.map(Math.round), [100, 150, 700]);
});

test('A6 a pause that would outlast the deadline is not begun', async t => {
  const { error, s3 } = await run(t, [refuse(503, 'SlowDown', { headers: { 'retry-after': '60' } })], {
    deadlineMs: 20_000,
    limits: { retryAfterCapMs: 60_000 },
  });
  t.is(error?.code, 'DEPS_THROTTLED');
  t.is(s3.requests.length, 1);
});

test('A20 the redirected request is signed for the other region, at the same endpoint', async t => {
  const { s3 } = await run(t, [
    refuse(301, 'PermanentRedirect', { headers: { 'x-amz-bucket-region': 'eu-west-1' } }),
    serve(zip),
  ]);
  t.regex(s3.requests[1]?.headers.authorization ?? '', /\/eu-west-1\/s3\/aws4_request/);
});

for (const minutes of [-20, 20]) {
  test(`A21 a clock ${minutes} minutes off is corrected once from the server's Date`, async t => {
    const wall = () => Date.now() + minutes * 60_000;
    const strict: Step = (request, response) => {
      const [, y, m, d, h, min, s] =
        /^(\d{4})(..)(..)T(..)(..)(..)Z$/.exec(String(request.headers['x-amz-date'])) ?? [];
      const off = Date.parse(`${y}-${m}-${d}T${h}:${min}:${s}Z`) - Date.now();
      (Math.abs(off) > 900_000 ? refuse(403, 'RequestTimeTooSkewed') : serve(zip))(request, response);
    };
    const { error, s3 } = await run(t, [strict], { clock: { ...systemClock, wall } });
    t.is(error, undefined);
    t.is(s3.requests.length, 2);
  });
}

test('A22 rotated credentials are read again, once', async t => {
  const env: NodeJS.ProcessEnv = {};
  const s3 = await startChaosS3((request, response) => {
    world.env['AWS_ACCESS_KEY_ID'] = 'AKIDROTATED';
    const isNew = request.headers.authorization?.includes('AKIDROTATED');
    (isNew ? serve(zip) : refuse(400, 'ExpiredToken'))(request, response);
  });
  t.teardown(s3.close);
  const world = loaderWorld(t, s3.endpoint, { env });
  await resolveDependencies(lockOf([made.artifact]), world.settings);
  t.is(s3.requests.length, 2);
});

test('A24 five artifacts, one fails: none is importable, every outcome is listed', async t => {
  const five = await Promise.all(
    ['one', 'two', 'three', 'four', 'five'].map(name =>
      makeArtifact({ [`only-${name}/index.js`]: `module.exports = '${name}';\n` }, { name }),
    ),
  );
  const give: Step = (request, response) => {
    const found = five.find(({ artifact }) => request.url?.endsWith(artifact.s3.key));
    const bad = found === undefined || found.artifact.name === 'three';
    (bad ? refuse(404, 'NoSuchKey') : serve(found.zip))(request, response);
  };
  const { error } = await run(t, [give], {}, five);
  t.is(error?.code, 'DEPS_INCOMPLETE');
  const outcomes = error?.details['outcomes'] as { name: string; code: string | null }[];
  t.deepEqual(
    outcomes.map(({ name, code }) => [name, code]),
    [
      ['one', null],
      ['two', null],
      ['three', 'DEPS_NOT_FOUND'],
      ['four', null],
      ['five', null],
    ],
  );
  const name: string = 'only-one/index.js';
  await t.throwsAsync(import(name), { code: 'ERR_MODULE_NOT_FOUND' });
});

test('a server that repeats our credentials in its message does not get them into our error', async t => {
  const { error } = await run(t, [
    refuse(403, 'AccessDenied', { message: `no ${token} ${secret} \u001b[31m` }),
  ]);
  t.is(error?.code, 'DEPS_ACCESS_DENIED');
  t.notRegex(JSON.stringify(error?.details), /\\u001b/);
});
