/** FAULTS.md A8 to A18: what happens to connections and bodies, row by row. */
import dns from 'node:dns';
import { createServer } from 'node:net';
import test from 'ava';
import type { HandlerError } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf } from '../../support/artifact.ts';
import {
  breakAfter,
  drip,
  etagOf,
  refuse,
  resetAtOnce,
  serve,
  serveRangeAs,
  silent,
  startChaosS3,
  withoutLength,
} from '../../support/chaos-s3.ts';
import { loaderWorld } from '../../support/loader-world.ts';
import { flipped, half, hole, made, run, testRows, zip } from './run.ts';
import { gibberish, late, openEnded, switchProtocols, whole, withEtag } from './steps.ts';

const two = { limits: { attempts: 2, firstByteMs: 100, stallMs: 100, throughputWindowMs: 100 } };
/** Long enough for a busy machine to answer, short enough to wait for; where it is not, there are attempts left. */
const short = { limits: { attempts: 8, firstByteMs: 400, stallMs: 400 } };
/** Nothing but the throughput ends an attempt. */
const slow = { limits: { attempts: 2, throughputWindowMs: 100 } };

testRows({
  'A9 no header ever: hedged, then over': {
    script: [silent],
    more: two,
    requests: 3,
    code: 'DEPS_TIMEOUT',
    found: /^no progress \(first byte\)$/,
  },
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
    script: [withEtag(breakAfter(zip, half, 'stall'), undefined), serve(zip)],
    more: short,
    requests: 2,
    lastHasRange: false,
  },
  ...Object.fromEntries(
    ['W/"weak"', '"quoted" and more', 'bare'].map(etag => [
      `A12 a reset mid-body under the ETag ${etag} starts again`,
      {
        script: [withEtag(breakAfter(zip, half, 'reset'), etag), serve(zip)],
        requests: 2,
        lastHasRange: false,
      },
    ]),
  ),
  'A12 a reset before the first byte of the body': {
    script: [breakAfter(zip, 0, 'reset'), serve(zip)],
    requests: 2,
    lastHasRange: false,
    again: [/^the connection broke after 0 of \d+ bytes$/],
  },
  'A12 resets mid-body for ever': {
    script: [breakAfter(zip, 100, 'reset')],
    requests: 4,
    code: 'DEPS_UNREACHABLE',
    found: /^the connection broke after \d+ of \d+ bytes$/,
  },
  'A10 a stall for ever': {
    script: [breakAfter(zip, 9, 'stall')],
    more: two,
    requests: 2,
    code: 'DEPS_TIMEOUT',
  },
  'A11 a drip is given up': {
    script: [drip(zip, 10)],
    more: slow,
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
  'A12 a server that switches protocols': {
    script: [switchProtocols],
    requests: 4,
    code: 'DEPS_UNREACHABLE',
    found: /^the connection closed before an answer$/,
  },
  'A8 a connection that stands may take its time to answer': {
    script: [late(serve(zip), 150)],
    more: { limits: { connectMs: 100 } },
    requests: 1,
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
    script: [breakAfter(zip, half, 'reset'), serveRangeAs(flipped, '"other"', half), serve(zip)],
    requests: 3,
    lastHasRange: false,
    again: [/^the connection broke/, 'another range'],
  },
  'A17 416 after a break: the whole object': {
    script: [breakAfter(zip, half, 'reset'), refuse(416, 'InvalidRange'), serve(zip)],
    requests: 3,
    lastHasRange: false,
  },
  'A17 412 though no range was asked for is final': {
    script: [refuse(412, 'PreconditionFailed')],
    requests: 1,
    code: 'DEPS_RESPONSE',
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
    again: [/^the connection broke/, 'another range'],
  },
  'A18 206 though no range was asked for': {
    script: [serveRangeAs(zip, etagOf(zip), 0)],
    requests: 4,
    code: 'DEPS_RESPONSE',
  },
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

test.serial('A8 a name that is looked up for ever is given up', async t => {
  const real = dns.lookup;
  t.teardown(() => {
    dns.lookup = real;
  });
  let lookups = 0;
  dns.lookup = (() => {
    lookups += 1;
  }) as unknown as typeof dns.lookup;
  const { settings } = loaderWorld(t, 'http://s3.nowhere.test', { limits: { attempts: 2, connectMs: 40 } });
  const error = await t.throwsAsync<HandlerError>(resolveDependencies(lockOf([made.artifact]), settings), {
    code: 'DEPS_UNREACHABLE',
  });
  t.is(error.details['found'], 'no connection after 40 ms');
  t.is(lookups, 2);
  // cut off by the deadline: that says nothing about the network
  const soon = { ...settings, deadlineMs: 60, limits: { ...settings.limits, connectMs: 10_000 } };
  await t.throwsAsync(resolveDependencies(lockOf([made.artifact]), soon), { code: 'DEPS_TIMEOUT' });
});

test('a fault of our own is not taken for one of the network', async t => {
  const credentials = async () => undefined as never;
  const { settings } = loaderWorld(t, 'http://127.0.0.1:1', { credentials });
  await t.throwsAsync(resolveDependencies(lockOf([made.artifact]), settings), {
    instanceOf: TypeError,
  });
});

test('https is spoken where the endpoint says so, not http', async t => {
  const s3 = await startChaosS3(serve(zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint.replace('http:', 'https:'), { limits: { attempts: 1 } });
  const error = await t.throwsAsync<HandlerError>(resolveDependencies(lockOf([made.artifact]), settings), {
    code: 'DEPS_UNREACHABLE',
  });
  t.regex(String(error.details['found']), /SSL|EPROTO|ECONNRESET/);
  t.is(s3.requests.length, 0);
});

test('phases tell the connection from the first byte and that from the body', async t => {
  const s3 = await startChaosS3(late(serve(zip), 20));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const startedAt = performance.now();
  const { artifacts } = await resolveDependencies(lockOf([made.artifact]), settings);
  const passed = performance.now() - startedAt;
  const { phases = {} } = artifacts[0] ?? {};
  t.deepEqual(Object.keys(phases), [
    'choose',
    'connect',
    'firstByte',
    'download',
    'verify',
    'unpack',
    'resolve',
  ]);
  for (const [phase, ms] of Object.entries(phases)) t.true(ms > 0, `${phase} ${ms}`);
  t.true(Object.values(phases).reduce((sum, ms) => sum + ms, 0) <= passed, 'no time is counted twice');
});

test('A16 the parser never sees bytes whose digest is wrong', async t => {
  // No archive at all, but of the locked size: had the parser been asked, the code would be ZIP_FORMAT.
  const { error } = await run(t, [serve(Buffer.alloc(zip.length, 'x'))]);
  t.is(error?.code, 'DEPS_DIGEST');
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
