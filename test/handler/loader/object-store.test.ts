/** FAULTS.md A: what the object store does to us at cold start, row by row. */
import dns from 'node:dns';
import { existsSync, readdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { storeName } from '../../../artifact/layout.ts';
import { systemClock } from '../../../handler/clock.ts';
import type { HandlerError, HandlerErrorCode } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import type { MadeArtifact } from '../../support/artifact.ts';
import { bucket, lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import type { ChaosS3, Step } from '../../support/chaos-s3.ts';
import {
  breakAfter,
  drip,
  etagOf,
  refuse,
  resetAtOnce,
  serve,
  silent,
  startChaosS3,
  withoutLength,
} from '../../support/chaos-s3.ts';
import type { LoaderWorld, WorldOptions } from '../../support/loader-world.ts';
import { loaderWorld, secret, token } from '../../support/loader-world.ts';

const made = await makeArtifact({ ...smallPackage, 'small/filler.txt': filler(40_000) });
const { zip } = made;
const half = Math.floor(zip.length / 2);

interface Run {
  readonly error: HandlerError | undefined;
  readonly s3: ChaosS3;
  readonly world: LoaderWorld;
}

/** Loads the artifact from a scripted S3; checks what holds for every row, and hands back the rest. */
async function run(
  t: ExecutionContext,
  script: readonly Step[],
  more: WorldOptions = {},
  artifacts = [made],
): Promise<Run> {
  const s3 = await startChaosS3(...script);
  t.teardown(s3.close);
  const world = loaderWorld(t, s3.endpoint, more);
  let error: HandlerError | undefined;
  try {
    await resolveDependencies(lockOf(artifacts.map(({ artifact }) => artifact)), world.settings);
  } catch (caught) {
    error = caught as HandlerError;
  }
  checkAlways(t, { error, s3, world }, artifacts);
  await s3.idle();
  return { error, s3, world };
}

/** No secret anywhere, no final folder after a failure, no leftovers, the failure coded and with a next step. */
function checkAlways(t: ExecutionContext, { error, world }: Run, artifacts: readonly MadeArtifact[]): void {
  const said = JSON.stringify([error, error?.message, error?.hint, String(error?.cause), world.events]);
  for (const canary of [secret, token]) t.false(said.includes(canary), 'a secret shows');
  const left = existsSync(world.settings.dir) ? readdirSync(world.settings.dir) : [];
  t.deepEqual(
    left.filter(name => name.startsWith('.')),
    [],
  );
  if (error === undefined) {
    t.deepEqual(left.sort(), artifacts.map(({ artifact }) => storeName(artifact.digest)).sort());
    return;
  }
  t.is(error.name, 'HandlerError', error.stack);
  t.truthy(error.hint);
  if (artifacts.length === 1) t.deepEqual(left, [], 'a folder is left after a failure');
}

interface Row {
  readonly script: readonly Step[];
  readonly more?: WorldOptions;
  readonly requests: number;
  /** Absent: it works in the end. */
  readonly code?: HandlerErrorCode;
  readonly hint?: RegExp;
  readonly found?: RegExp;
  readonly lastHasRange?: boolean;
}

const flipped = Buffer.from(zip);
flipped.writeUInt8((flipped[half] ?? 0) ^ 1, half);
const hole = Buffer.from(zip).fill(0, half, half + 512);
const html = Buffer.from('<html>captive portal</html>');
const errorBody = Buffer.from('<Error><Code>InternalError</Code></Error>');
const slowDown = refuse(503, 'SlowDown', { headers: { 'retry-after': '0' } });
const two = { limits: { attempts: 2, firstByteMs: 100, stallMs: 100, throughputWindowMs: 100 } };
/** Long enough for a busy machine to answer, short enough to wait for. */
const short = { limits: { firstByteMs: 400, stallMs: 400 } };

const rows: Readonly<Record<string, Row>> = {
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
  'A9 no header ever: hedged, then over': { script: [silent], more: two, requests: 3, code: 'DEPS_TIMEOUT' },
  'A9 no header to the first request: the hedge wins': {
    script: [silent, serve(zip)],
    more: short,
    requests: 2,
  },
  'A10 a stall mid-body is continued by range': {
    script: [breakAfter(zip, half, 'stall'), serve(zip)],
    more: short,
    requests: 2,
    lastHasRange: true,
  },
  'A10 a stall mid-body without ETag starts again': {
    script: [withoutEtag(breakAfter(zip, half, 'stall')), serve(zip)],
    more: short,
    requests: 2,
    lastHasRange: false,
  },
  'A10 a stall for ever': {
    script: [breakAfter(zip, 9, 'stall')],
    more: two,
    requests: 2,
    code: 'DEPS_TIMEOUT',
  },
  'A11 a drip is given up': {
    script: [drip(zip, 10)],
    more: two,
    requests: 2,
    code: 'DEPS_TIMEOUT',
    found: /slow/,
  },
  'A12 a reset mid-body is continued': { script: [breakAfter(zip, half, 'reset'), serve(zip)], requests: 2 },
  'A12 a reset before any header': { script: [resetAtOnce, serve(zip)], requests: 2 },
  'A12 resets for ever': { script: [resetAtOnce], requests: 4, code: 'DEPS_UNREACHABLE' },
  'A12 a reset behind the last byte costs nothing': {
    script: [openEnded(zip)],
    requests: 1,
  },
  'A12 a server that speaks no HTTP': {
    script: [gibberish],
    requests: 4,
    code: 'DEPS_UNREACHABLE',
    found: /HPE_/,
  },
  'A13 the end of the connection mid-body': {
    script: [breakAfter(zip, half, 'fin'), serve(zip)],
    requests: 2,
    lastHasRange: true,
  },
  'A14 a body cut short without a length': {
    script: [withoutLength(zip.subarray(0, half)), serve(zip)],
    requests: 2,
  },
  'A14 a body cut short without a length, for ever': {
    script: [withoutLength(zip.subarray(0, half))],
    requests: 2,
    code: 'DEPS_DIGEST',
    found: new RegExp(`${half} bytes`),
  },
  'A14 a chunked body of the right length is welcome': {
    script: [withoutLength(zip, 'chunks')],
    requests: 1,
  },
  'A15 a body longer than promised': {
    script: [withoutLength(Buffer.concat([zip, Buffer.of(0)]))],
    requests: 2,
    code: 'DEPS_DIGEST',
    found: /more than/,
  },
  'A15 a length longer than the lock says': {
    script: [serve(Buffer.concat([zip, zip]))],
    requests: 2,
    code: 'DEPS_DIGEST',
  },
  'A16 one bit flipped once': { script: [serve(flipped), serve(zip)], requests: 2 },
  'A16 one bit flipped for ever': {
    script: [serve(flipped)],
    requests: 2,
    code: 'DEPS_DIGEST',
    found: /^sha256:/,
  },
  'A16 a hole of zeros': { script: [serve(hole)], requests: 2, code: 'DEPS_DIGEST' },
  'A17 another ETag between ranges: 412, then the whole object': {
    script: [breakAfter(zip, half, 'reset'), refuse(412, 'PreconditionFailed'), serve(zip)],
    requests: 3,
    lastHasRange: false,
  },
  'A17 If-Match is ignored and the ETag differs: nothing is mixed': {
    script: [breakAfter(zip, half, 'reset'), serveRangeAs(flipped, '"other"'), serve(zip)],
    requests: 3,
    lastHasRange: false,
  },
  'A17 416 after a break: the whole object': {
    script: [breakAfter(zip, half, 'reset'), refuse(416, 'InvalidRange'), serve(zip)],
    requests: 3,
    lastHasRange: false,
  },
  'A18 the range is ignored: 200 with the whole object': {
    script: [breakAfter(zip, half, 'reset'), whole(zip)],
    requests: 2,
    lastHasRange: true,
  },
  'A18 a Content-Range that does not fit': {
    script: [breakAfter(zip, half, 'reset'), serveRangeAs(zip, etagOf(zip), 7), serve(zip)],
    requests: 3,
    lastHasRange: false,
  },
  'A18 206 though no range was asked for': {
    script: [serveRangeAs(zip, etagOf(zip), 0)],
    requests: 4,
    code: 'DEPS_RESPONSE',
  },
  'A19 Content-Encoding added by a proxy': {
    script: [serve(gzipSync(zip), { 'content-encoding': 'gzip' })],
    requests: 2,
    code: 'DEPS_DIGEST',
    found: /content-encoding "gzip"/,
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
};

for (const [title, row] of Object.entries(rows)) {
  // Rows with short bounds come first and one by one; on a busy machine they may ask more often than that.
  const isTimed = row.more !== undefined;
  (isTimed ? test.serial : test)(title, async t => {
    const { error, s3 } = await run(t, row.script, row.more);
    t.is(error?.code, row.code, error?.message);
    if (isTimed) t.true(s3.requests.length >= row.requests, `${s3.requests.length}`);
    else t.is(s3.requests.length, row.requests);
    if (row.hint !== undefined) t.regex(error?.hint ?? '', row.hint);
    if (row.found !== undefined) t.regex(String(error?.details['found']), row.found);
    if (row.lastHasRange !== undefined) {
      const headers = s3.requests[row.requests - 1]?.headers;
      t.is(headers?.range, row.lastHasRange ? `bytes=${half}-${zip.length - 1}` : undefined);
      t.is(headers?.['if-match'], row.lastHasRange ? etagOf(zip) : undefined);
    }
    if (error !== undefined) {
      t.is(error.details['bucket'], bucket);
      t.is(error.details['key'], made.artifact.s3.key);
      t.is(error.details['digest'], made.artifact.digest);
    }
  });
}

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

test('A8 nobody listens at the port', async t => {
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => closed.once('listening', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise(resolve => closed.close(resolve));
  const { error, world } = await run(t, [silent], { endpoint: `http://127.0.0.1:${port}` });
  t.is(error?.code, 'DEPS_UNREACHABLE');
  t.is(error?.details['found'], 'ECONNREFUSED');
  t.is(world.events.filter(({ event }) => event === 'retry').length, 3);
});

test.serial('A8 a name that is not found is looked up again for each attempt', async t => {
  const real = dns.lookup;
  t.teardown(() => {
    dns.lookup = real;
  });
  const answers = ['ENOTFOUND', 'EAI_AGAIN'];
  let lookups = 0;
  const fake = (
    host: string,
    options: object,
    callback: (error: Error | null, ...found: unknown[]) => void,
  ) => {
    if (host !== 's3.nowhere.test') return real(host, options, callback as never);
    const code = answers[lookups++];
    if (code !== undefined) return callback(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
    return callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  dns.lookup = fake as typeof dns.lookup;
  const s3 = await startChaosS3(serve(zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint.replace('127.0.0.1', 's3.nowhere.test'));
  await resolveDependencies(lockOf([made.artifact]), settings);
  t.is(lookups, 3);
});

test('A16 the parser never sees bytes whose digest is wrong', async t => {
  // No archive at all, but of the locked size: had the parser been asked, the code would be ZIP_FORMAT.
  const { error } = await run(t, [serve(Buffer.alloc(zip.length, 'x'))]);
  t.is(error?.code, 'DEPS_DIGEST');
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

test('the deadline ends everything, whatever is going on', async t => {
  for (const step of [silent, drip(zip, 5), breakAfter(zip, 9, 'stall')]) {
    const { error } = await run(t, [step], {
      deadlineMs: 80,
      limits: { firstByteMs: 9000, stallMs: 9000, throughputWindowMs: 9000, attemptMs: 9000 },
    });
    t.is(error?.code, 'DEPS_TIMEOUT');
  }
});

function filler(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 7;
  for (let i = 0; i < length; i += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[i] = state >> 16;
  }
  return bytes;
}

/** All bytes, chunked, and then neither an end nor an error but a reset. */
function openEnded(bytes: Buffer): Step {
  return (request, response) => {
    response.writeHead(200, { 'transfer-encoding': 'chunked' });
    response.write(bytes, () => setImmediate(() => request.socket.destroy()));
  };
}

function gibberish(request: IncomingMessage): void {
  request.socket.end('220 smtp.example ready\r\n');
}

function plain(status: number, text: string): Step {
  return (_request, response) => {
    response.writeHead(status);
    response.end(text);
  };
}

function whole(bytes: Buffer): Step {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length, etag: etagOf(bytes) });
    response.end(bytes);
  };
}

function withoutEtag(step: Step): Step {
  return (request, response) => {
    const { writeHead } = response;
    response.writeHead = ((status: number, headers: Record<string, string>) => {
      const { etag: _, ...others } = headers;
      return writeHead.call(response, status, others);
    }) as typeof response.writeHead;
    step(request, response);
  };
}

/** Any range is answered with what follows `from`, under an ETag of our choice. */
function serveRangeAs(bytes: Buffer, etag: string, from = half): Step {
  return (_request, response) => {
    const part = bytes.subarray(from);
    response.writeHead(206, {
      etag,
      'content-length': part.length,
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    });
    response.end(part);
  };
}
