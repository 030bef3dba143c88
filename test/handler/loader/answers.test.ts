/** FAULTS.md A1 to A7 and A19 to A26: what the object store says, row by row. */
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { systemClock } from '../../../handler/clock.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { bucket, lockOf, makeArtifact, region } from '../../support/artifact.ts';
import type { Step } from '../../support/chaos-s3.ts';
import { refuse, resetAtOnce, serve, startChaosS3, withoutLength } from '../../support/chaos-s3.ts';
import { loaderWorld, secret, token } from '../../support/loader-world.ts';
import { flipped, made, run, testRows, zip } from './run.ts';
import { plain } from './steps.ts';

const html = Buffer.from('<html>captive portal</html>');
const errorBody = Buffer.from('<Error><Code>InternalError</Code></Error>');
const slowDown = refuse(503, 'SlowDown', { headers: { 'retry-after': '0' } });

const redirect = refuse(301, 'PermanentRedirect', { headers: { 'x-amz-bucket-region': 'eu-west-1' } });

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
  'A6 503 for ever behind a redirect: that was no attempt': {
    script: [redirect, slowDown],
    requests: 5,
    code: 'DEPS_THROTTLED',
  },
  'A6 503 for ever behind a skewed clock: that was no attempt': {
    script: [refuse(403, 'RequestTimeTooSkewed'), slowDown],
    requests: 5,
    code: 'DEPS_THROTTLED',
  },
  'A6 503 for ever behind an expired token: that was no attempt': {
    script: [refuse(400, 'ExpiredToken'), slowDown],
    requests: 5,
    code: 'DEPS_THROTTLED',
  },
  'A16 other troubles do not count as wrong bytes': {
    script: [slowDown, slowDown, serve(flipped), serve(zip)],
    requests: 4,
    again: ['503 SlowDown', '503 SlowDown', 'not the locked bytes'],
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

/** Pauses that would outlast any deadline, and what is said when the deadline is over first. */
const endless = { deadlineMs: 20_000, random: () => 0.9, limits: { backoffMs: 1e6, backoffCapMs: 1e6 } };
const overdue: Readonly<Record<string, readonly [Step, code: string, found: string]>> = {
  '503': [refuse(503, 'SlowDown'), 'DEPS_THROTTLED', '503 until the deadline'],
  '429': [plain(429, ''), 'DEPS_THROTTLED', '429 until the deadline'],
  '500': [plain(500, ''), 'DEPS_TIMEOUT', 'the deadline was over first'],
  'a reset before any header': [resetAtOnce, 'DEPS_UNREACHABLE', 'ECONNRESET'],
};
for (const [title, [step, code, found]] of Object.entries(overdue)) {
  test(`A6 a pause that would outlast the deadline is not begun: ${title}`, async t => {
    const { error, s3 } = await run(t, [step], endless);
    t.is(error?.code as string, code);
    t.is(error?.details['found'], found);
    t.regex(error?.hint ?? '', /^raise DEPS_DEADLINE_MS/);
    t.is(s3.requests.length, 1);
  });
}

test('A6 a deadline that is over before the first request', async t => {
  let now = 0;
  const clock = { ...systemClock, monotonic: () => performance.now() + now };
  const credentials = async () => {
    now = 3_600_000;
    return { accessKeyId: 'a', secretAccessKey: secret };
  };
  const { error, s3 } = await run(t, [serve(zip)], { clock, credentials });
  t.is(error?.code, 'DEPS_TIMEOUT');
  t.is(error?.details['found'], 'the deadline was over first');
  t.is(s3.requests.length, 0);
});

test('credentials are asked for with all the time there is; what is no fault of theirs passes', async t => {
  const given: number[] = [];
  const credentials = async (ms: number) => {
    given.push(ms);
    throw new TypeError('a bug');
  };
  const { settings } = loaderWorld(t, 'http://127.0.0.1:1', { credentials });
  await t.throwsAsync(resolveDependencies(lockOf([made.artifact]), settings), { instanceOf: TypeError });
  t.true((given[0] ?? 0) > 10_000, `${given}`);
});

test('an error has every fact that its reader needs', async t => {
  const { digest, size, s3 } = made.artifact;
  const versioned = {
    ...made,
    artifact: { ...made.artifact, published: { [region]: { bucket, versionId: 'v1' } } },
  };
  const denied = refuse(403, 'AccessDenied', { headers: { 'x-amz-request-id': 'R7' }, message: 'not you' });
  const expected = `${size} bytes with ${digest}`;
  const facts = { artifact: 'core', bucket, key: s3.key, region, digest, packages: 0, expected };
  const one = await run(t, [denied], {}, [versioned]);
  t.is(
    one.error?.message,
    `core cannot be loaded from s3://${bucket}/${s3.key} (expected ${expected}, found 403 AccessDenied)`,
  );
  t.deepEqual(one.error?.details, {
    ...facts,
    versionId: 'v1',
    found: '403 AccessDenied',
    attempts: 1,
    status: 403,
    awsCode: 'AccessDenied',
    awsMessage: 'not you',
    awsRequestId: 'R7',
    missingPermission: 's3:GetObject',
  });
  const kms = await run(t, [refuse(403, 'AccessDenied', { message: 'no kms:Decrypt' })]);
  t.is(kms.error?.details['missingPermission'], 'kms:Decrypt');
  const gone = await run(t, [refuse(404, 'NoSuchKey')]);
  t.false('missingPermission' in (gone.error?.details ?? {}));
  const wrong = await run(t, [serve(flipped)]);
  const found = wrong.error?.details['found'];
  t.deepEqual(wrong.error?.details, { ...facts, found, attempts: 2 });
});

test('a retry is told to the log', async t => {
  const { world } = await run(t, [slowDown, serve(zip)]);
  t.deepEqual(world.events, [
    { level: 'info', event: 'retry', artifact: 'core', attempt: 1, reason: '503 SlowDown', waitMs: 0 },
  ]);
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
  t.is(error?.details['awsMessage'], 'no [redacted] [redacted] ?[31m');
  const long = await run(t, [refuse(403, 'AccessDenied', { message: 'm'.repeat(1000) })]);
  t.is(long.error?.details['awsMessage'], 'm'.repeat(300));
});
