/** Responses → answers: bodies, encodings, conditions, limits, failures, the time that runs out. */
import zlib from 'node:zlib';
import test from 'ava';
import { payloadLimit } from '../../../handler/edge/request.ts';
import { eventOf, sources } from './events.ts';
import type { KoaHandler } from './support.ts';
import { bytesOf, contextOf, cookiesOf, createTestEdge, headerOf, koaApp, textOf } from './support.ts';

const long = 'a long text. '.repeat(200);

async function ask(handle: KoaHandler, event: unknown, env: NodeJS.ProcessEnv = {}, context = contextOf()) {
  const edge = await createTestEdge(koaApp(handle), env);
  return { answer: await edge.invoke(event, context), lines: edge.lines.join('') };
}

const say =
  (type: string, body: string | Buffer): KoaHandler =>
  context => {
    context.set('content-type', type);
    context.body = body;
  };

for (const source of sources) {
  test(`${source}: two cookies and repeated headers leave in order`, async t => {
    const { answer } = await ask(context => {
      context.append('set-cookie', 'a=1; Path=/');
      context.append('set-cookie', 'b=2; Path=/');
      context.append('link', '</a>; rel=preload');
      context.append('link', '</b>; rel=preload');
      context.body = 'ok';
    }, eventOf(source));
    t.deepEqual(cookiesOf(answer), ['a=1; Path=/', 'b=2; Path=/']);
    t.is(headerOf(answer, 'link'), '</a>; rel=preload, </b>; rel=preload');
  });

  test(`${source}: binary content is base64, text is not`, async t => {
    const bytes = Buffer.from([0, 255, 128, 13, 10]);
    const { answer } = await ask(say('image/png', bytes), eventOf(source));
    t.true(answer.isBase64Encoded);
    t.deepEqual(bytesOf(answer), bytes);
    const text = await ask(say('text/plain; charset=utf-8', 'ü'), eventOf(source));
    t.false(text.answer.isBase64Encoded);
    t.is(text.answer.body, 'ü');
  });

  test(`${source}: no body leaves with HEAD, 204 or 304`, async t => {
    const head = await ask(say('text/plain', long), eventOf(source, { method: 'HEAD' }));
    t.is(head.answer.body, '');
    t.is(headerOf(head.answer, 'content-length'), String(long.length));
    for (const status of [204, 304]) {
      const { answer } = await ask(context => {
        context.respond = false;
        context.res.statusCode = status;
        context.res.setHeader('content-type', 'text/plain');
        context.res.end('must not leave');
      }, eventOf(source));
      t.is(answer.statusCode, status);
      t.is(answer.body, '');
      t.is(headerOf(answer, 'content-length'), undefined);
    }
  });

  test(`${source}: an answer over the limit becomes 413 with a pointer to the streaming URL (E12)`, async t => {
    const size = source.startsWith('alb') ? 1_048_576 : payloadLimit;
    const env = { EDGE_STREAMING_URL: 'https://stream.example/', EDGE_COMPRESSION: 'off' };
    const { answer } = await ask(say('text/plain', 'x'.repeat(size)), eventOf(source), env);
    t.is(answer.statusCode, 413);
    const body = JSON.parse(answer.body) as Record<string, unknown>;
    t.is(body['code'], 'RESPONSE_TOO_LARGE');
    t.is(body['limit_bytes'], size);
    t.is(body['streaming_url'], 'https://stream.example/');
    const { answer: fitting } = await ask(say('text/plain', 'x'.repeat(size - 2000)), eventOf(source), env);
    t.is(fitting.statusCode, 200);
  });
}

test('what grows in JSON or in base64 is measured as it leaves', async t => {
  const quotes = await ask(say('text/plain', '"'.repeat(payloadLimit / 2)), eventOf('http-v2'));
  t.is(quotes.answer.statusCode, 413);
  const binary = await ask(say('image/png', Buffer.alloc(4_800_000)), eventOf('http-v2'));
  t.is(binary.answer.statusCode, 413);
});

test('a large text that fits once it is compressed is not refused', async t => {
  const event = eventOf('http-v2', { headers: { 'accept-encoding': 'gzip' } });
  const { answer } = await ask(say('text/plain', 'x'.repeat(7_000_000)), event);
  t.is(answer.statusCode, 200);
  t.is(zlib.gunzipSync(bytesOf(answer)).length, 7_000_000);
});

const types: readonly (readonly [string, string | Buffer, boolean])[] = [
  ['application/json', '{}', false],
  ['application/problem+json; charset=utf-8', '{}', false],
  ['image/svg+xml', '<svg/>', false],
  ['application/x-ndjson', '{}\n', false],
  ['text/html; charset="UTF-8"', 'ü', false],
  ['text/plain; charset=iso-8859-1', Buffer.from([252]), true],
  ['text/plain', Buffer.from([252]), true],
  ['application/octet-stream', 'text', true],
  ['application/pdf', 'text', true],
  ['application/jsonish', 'text', true],
  ['font/woff2', 'text', true],
];

for (const [type, body, isBase64] of types) {
  test(`${type} (${typeof body === 'string' ? 'text' : 'bytes'}) is ${isBase64 ? 'binary' : 'text'}`, async t => {
    const { answer } = await ask(say(type, body), eventOf('http-v2'));
    t.is(answer.isBase64Encoded, isBase64);
    t.deepEqual(bytesOf(answer), Buffer.from(body));
  });
}

const negotiations: readonly (readonly [string | undefined, string | undefined])[] = [
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip, deflate, br', 'br'],
  ['gzip', 'gzip'],
  ['gzip;q=0.5, br;q=0.1', 'gzip'],
  ['br;q=0, *', 'zstd'],
  ['GZIP', 'gzip'],
  ['identity', undefined],
  ['identity;q=1, gzip;q=0.5', undefined],
  ['gzip;q=0', undefined],
  ['deflate', undefined],
  ['', undefined],
  [undefined, undefined],
];

for (const [accepted, wanted] of negotiations) {
  test(`a client that accepts ${JSON.stringify(accepted)} gets ${wanted ?? 'no encoding'}`, async t => {
    const headers = accepted === undefined ? {} : { 'accept-encoding': accepted };
    const { answer } = await ask(say('text/plain', long), eventOf('http-v2', { headers }));
    t.is(headerOf(answer, 'content-encoding'), wanted);
    t.is(headerOf(answer, 'vary'), 'Accept-Encoding');
    t.is(textOf(answer), long);
    t.is(headerOf(answer, 'content-length'), String(bytesOf(answer).length));
  });
}

const all = { 'accept-encoding': 'gzip, br, zstd' };

const plain: readonly (readonly [string, KoaHandler])[] = [
  ['a short text', say('text/plain', 'x'.repeat(1023))],
  ['an image', say('image/png', Buffer.alloc(5000))],
  [
    'partial content',
    context => {
      context.status = 206;
      context.set('content-range', 'bytes 0-4999/9000');
      say('text/plain', long)(context);
    },
  ],
  [
    'what must not be transformed',
    context => {
      context.set('cache-control', 'no-transform');
      say('text/plain', long)(context);
    },
  ],
];

for (const [name, handle] of plain) {
  test(`${name} is not compressed`, async t => {
    const { answer } = await ask(handle, eventOf('http-v2', { headers: all }));
    t.is(headerOf(answer, 'content-encoding'), undefined);
  });
}

test('what is compressed already is not compressed again', async t => {
  const packed = zlib.gzipSync(long);
  const { answer } = await ask(
    context => {
      context.set('content-encoding', 'gzip');
      say('text/plain', packed)(context);
    },
    eventOf('http-v2', { headers: all }),
  );
  t.is(headerOf(answer, 'content-encoding'), 'gzip');
  t.deepEqual(bytesOf(answer), packed);
});

test('compression weakens a strong ETag and adds to Vary', async t => {
  const { answer } = await ask(
    context => {
      context.set({ etag: '"v1"', vary: 'Origin' });
      say('text/plain', long)(context);
    },
    eventOf('http-v2', { headers: all }),
  );
  t.is(headerOf(answer, 'etag'), 'W/"v1"');
  t.is(headerOf(answer, 'vary'), 'Origin, Accept-Encoding');
});

const conditions: readonly (readonly [
  string,
  Readonly<Record<string, string>>,
  Readonly<Record<string, string>>,
  number,
])[] = [
  ['the same tag', { etag: '"v1"' }, { 'if-none-match': '"v1"' }, 304],
  ['the weak form of the tag', { etag: '"v1"' }, { 'if-none-match': 'W/"v1"' }, 304],
  ['a list with the tag', { etag: '"v1"' }, { 'if-none-match': '"v0", "v1"' }, 304],
  ['a star', { etag: '"v1"' }, { 'if-none-match': '*' }, 304],
  ['another tag', { etag: '"v1"' }, { 'if-none-match': '"v2"' }, 200],
  [
    'another tag and a date that matches',
    { etag: '"v1"', 'last-modified': 'Tue, 01 Sep 2026 00:00:00 GMT' },
    { 'if-none-match': '"v2"', 'if-modified-since': 'Tue, 01 Sep 2026 00:00:00 GMT' },
    200,
  ],
  [
    'a date that matches',
    { 'last-modified': 'Tue, 01 Sep 2026 00:00:00 GMT' },
    { 'if-modified-since': 'Tue, 01 Sep 2026 00:00:00 GMT' },
    304,
  ],
  [
    'an older date',
    { 'last-modified': 'Tue, 01 Sep 2026 00:00:00 GMT' },
    { 'if-modified-since': 'Mon, 31 Aug 2026 00:00:00 GMT' },
    200,
  ],
  [
    'a date that is none',
    { 'last-modified': 'Tue, 01 Sep 2026 00:00:00 GMT' },
    { 'if-modified-since': 'yesterday' },
    200,
  ],
];

for (const [name, own, headers, status] of conditions) {
  test(`a client that has ${name} is answered ${status}`, async t => {
    const { answer } = await ask(
      context => {
        context.set(own);
        context.body = 'content';
      },
      eventOf('http-v2', { headers }),
    );
    t.is(answer.statusCode, status);
    t.is(answer.body, status === 304 ? '' : 'content');
    t.is(headerOf(answer, 'etag'), own['etag']);
    t.is(headerOf(answer, 'content-type') === undefined, status === 304);
  });
}

test('a long answer without a tag gets a weak one, by which the client is answered 304', async t => {
  const { answer } = await ask(say('text/plain', long), eventOf('http-v2', { headers: all }));
  const etag = headerOf(answer, 'etag') ?? '';
  t.regex(etag, /^W\/"[\w-]+"$/);
  const again = await ask(
    say('text/plain', long),
    eventOf('http-v2', { headers: { 'if-none-match': etag } }),
  );
  t.is(again.answer.statusCode, 304);
  const stored = await ask(context => {
    context.set('cache-control', 'no-store');
    say('text/plain', long)(context);
  }, eventOf('http-v2'));
  t.is(headerOf(stored.answer, 'etag'), undefined);
});

test('a POST is never answered 304', async t => {
  const { answer } = await ask(
    context => {
      context.set('etag', '"v1"');
      context.body = 'done';
    },
    eventOf('http-v2', { method: 'POST', headers: { 'if-none-match': '"v1"' } }),
  );
  t.is(answer.statusCode, 200);
});

test('an app that sets transfer-encoding does not get its framing into the body', async t => {
  const { answer } = await ask(context => {
    context.respond = false;
    context.res.setHeader('transfer-encoding', 'chunked');
    context.res.setHeader('connection', 'close');
    context.res.setHeader('content-type', 'text/plain');
    context.res.write('one\r\n');
    context.res.end('two\r\n');
  }, eventOf('http-v2'));
  t.is(answer.body, 'one\r\ntwo\r\n');
});

test('pieces of a body keep the encoding they were written in', async t => {
  const { answer } = await ask(context => {
    context.respond = false;
    context.res.writeHead(201, 'Made', ['Content-Type', 'application/octet-stream', 'X-A', '1', 'X-A', '2']);
    context.res.write('ff00', 'hex');
    context.res.write('\u00e9', 'latin1');
    context.res.end('/w==', 'base64');
  }, eventOf('http-v2'));
  t.is(answer.statusCode, 201);
  t.is(headerOf(answer, 'x-a'), '1, 2');
  t.deepEqual(bytesOf(answer), Buffer.from([255, 0, 233, 255]));
});

test('the signal fires before the time-out and the client gets 504', async t => {
  let reason: unknown;
  const { answer } = await ask(
    async ({ req }) => {
      await new Promise<void>(resolve => {
        req.signal.addEventListener('abort', () => {
          reason = req.signal.reason;
          resolve();
        });
      });
    },
    eventOf('http-v2'),
    {},
    contextOf(520),
  );
  t.is(answer.statusCode, 504);
  t.is((reason as Error).name, 'TimeoutError');
  t.is((JSON.parse(answer.body) as Record<string, unknown>)['code'], 'TIMEOUT');
});

test('what an app writes after its time is over goes nowhere', async t => {
  let writeLate = () => {};
  const { answer } = await ask(
    context => {
      context.respond = false;
      writeLate = () => context.res.end('late');
    },
    eventOf('http-v2'),
    {},
    contextOf(501),
  );
  t.is(answer.statusCode, 504);
  t.notThrows(writeLate);
});

test('DEBUG=true marks every answer (E8)', async t => {
  const on = await ask(say('text/plain', 'x'), eventOf('http-v2'), { DEBUG: 'true' });
  t.is(headerOf(on.answer, 'x-debug-mode'), 'true');
  const off = await ask(say('text/plain', 'x'), eventOf('http-v2'));
  t.is(headerOf(off.answer, 'x-debug-mode'), undefined);
});

test('the first answer alone carries the phases of the cold start', async t => {
  const edge = await createTestEdge(koaApp(say('text/plain', 'x')));
  const first = await edge.invoke(eventOf('http-v2'));
  t.is(headerOf(first, 'server-timing'), 'core-choose;dur=1');
  t.is(headerOf(await edge.invoke(eventOf('http-v2')), 'server-timing'), undefined);
});
