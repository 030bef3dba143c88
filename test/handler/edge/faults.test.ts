/** FAULTS.md E, the rows of the edge, under their names. Rows of the app itself are in test/src. */
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import test from 'ava';
import { canary } from '../../support/canaries.ts';
import { eventOf, sources } from './events.ts';
import { refuseInputs } from './inputs.ts';
import type { KoaHandler, TestEdge } from './support.ts';
import { contextOf, createTestEdge, echo, headerOf, koaApp, seenBy, textOf } from './support.ts';

const secrets = {
  key: canary('key'),
  cookie: canary('cookie'),
  bearer: canary('bearer'),
  query: canary('query'),
  body: canary('body'),
  env: canary('env-token'),
  upstream: canary('upstream'),
};

/** An app that does with secrets whatever a careless author does. */
const careless: KoaHandler = async context => {
  const body = context.req.body.toString();
  switch (context.path) {
    case '/throw':
      throw new Error(
        `bad key ${secrets.key}, query ${context.querystring}, body ${body}, env ${secrets.env}`,
      );
    case '/nested':
      throw Object.assign(new AggregateError([new Error(`cookie ${secrets.cookie}`)], 'several'), {
        cause: new Error(`GET https://api.example/8.8.8.8?api-key=${secrets.upstream} failed`),
        request: context.req,
      });
    case '/parse':
      JSON.parse(`${body} and more`);
      return;
    case '/reject':
      await Promise.reject(new TypeError(`authorization ${context.get('authorization')}`));
      return;
    case '/string':
      throw `text ${secrets.key}`;
    case '/midway':
      context.type = 'text/plain';
      context.body = Readable.from(
        (async function* () {
          yield 'half';
          throw new Error(`after ${secrets.key}`);
        })(),
      );
      return;
    default:
      context.body = 'ok';
  }
};

test('E7 complete event logged: no canary of key, cookie, query, body, token or upstream URL appears in any line, with DEBUG on', async t => {
  const edge = await createTestEdge(koaApp(careless), {
    DEBUG: 'true',
    GITHUB_TOKEN: secrets.env,
    EDGE_REDACT_HEADERS: 'x-custom',
  });
  const output: string[] = [];
  for (const source of sources) {
    for (const path of ['/ok', '/throw', '/nested', '/parse', '/reject', '/string', '/midway']) {
      const event = eventOf(source, {
        method: 'POST',
        path,
        query: `token=${secrets.query}&x=1`,
        headers: {
          authorization: `Bearer ${secrets.bearer}`,
          'x-api-key': secrets.key,
          'x-custom': secrets.key,
          cookie: `session=${secrets.cookie}; theme=dark`,
        },
        body: `{"password":"${secrets.body}"}`,
      });
      const answer = await edge
        .invoke(event)
        .catch((error: unknown) => `${String(error)} ${(error as Error).stack}`);
      output.push(JSON.stringify(answer));
    }
  }
  const everything = edge.lines.join('') + output.join('\n');
  t.true(edge.lines.length > sources.length * 14, 'debug lines are there');
  for (const [name, secret] of Object.entries(secrets))
    t.false(everything.includes(secret), `${name} appears`);
  t.true(edge.lines.every(line => !line.includes('CANARY')));
});

test('E7 what an app logs of an error as a text is searched for what the request carried, too', async t => {
  const edge: TestEdge = await createTestEdge(
    koaApp(context => {
      const body = context.req.body.toString();
      edge.log('ERROR', 'failed', {
        error: `Error: ${decodeURIComponent(context.querystring)} and ${body}\n    at x`,
      });
      edge.log('WARN', 'failed', {
        reason: `Unexpected token, "{"a": ${secrets.body.slice(0, 8)}"... is not valid JSON`,
      });
      context.body = 'ok';
    }),
  );
  await edge.invoke(eventOf('http-v2', { method: 'POST', query: `q=${secrets.query}`, body: secrets.body }));
  t.is(edge.lines.length, 3);
  t.false(edge.lines.join('').includes('CANARY'));
});

const shown: readonly (readonly [string, string])[] = [
  ['a cookie', 'session=of-the-client'],
  ['a value of the query', 'asked for'],
  ['the same, encoded', 'asked%20for'],
  ['a credential', 'Bearer of-the-client'],
  ['a body', 'the whole\\nbody'],
];

for (const [name, line] of shown) {
  test(`E7 the watch over the lines of every event of the suite finds ${name}`, t => {
    const event = eventOf('http-v2', {
      query: 'q=asked%20for',
      headers: { cookie: 'session=of-the-client', authorization: 'Bearer of-the-client' },
      body: 'the whole\nbody',
    });
    t.throws(() => refuseInputs(`{"error":"${line}"}`, event), { message: /shows what the event carried/ });
    t.notThrows(() => refuseInputs('{"route":"/asked/:for"}', event));
  });
}

test('E8 DEBUG=true: header and debug lines, redaction holds all the same', async t => {
  const edge = await createTestEdge(koaApp(careless), { DEBUG: 'true' });
  const answer = await edge.invoke(
    eventOf('rest-v1', { path: '/ok', query: `q=${secrets.query}`, headers: { 'x-api-key': secrets.key } }),
  );
  t.is(headerOf(answer, 'x-debug-mode'), 'true');
  const debug = edge.records().find(record => record['level'] === 'DEBUG');
  t.like(debug, { message: 'request received', path: '/ok', query_names: ['q'] });
  t.false(edge.lines.join('').includes('CANARY'));
});

const thrown: readonly (readonly [string, () => unknown])[] = [
  ['an Error', () => new Error('at /var/task/app.mjs in bucket secret-bucket')],
  ['a text', () => 'text'],
  ['undefined', () => undefined],
  ['an object', () => ({ message: 'inside', stack: '/var/task' })],
  [
    'an Error with a status it does not mean for the client',
    () => Object.assign(new Error('inside'), { status: 500 }),
  ],
  ['an Error with a hostile status', () => Object.assign(new Error('inside'), { status: 99_999 })],
  [
    'an Error with headers',
    () => Object.assign(new Error('inside'), { headers: { 'x-inside': '/var/task' } }),
  ],
  ['an Error without a stack', () => Object.assign(new Error('inside'), { stack: undefined })],
  [
    'an error of AWS',
    () =>
      Object.assign(new Error('AccessDenied'), {
        name: 'S3ServiceException',
        $metadata: { requestId: 'r' },
        $response: {},
      }),
  ],
];

for (const [name, make] of thrown) {
  for (const source of sources) {
    test(`E9 exception in route: ${name} is a 500 without its inside (${source})`, async t => {
      const edge = await createTestEdge(
        koaApp(() => {
          throw make();
        }),
      );
      const answer = await edge.invoke(eventOf(source));
      t.is(answer.statusCode, 500);
      t.deepEqual(JSON.parse(textOf(answer)), {
        detail: 'Internal server error',
        request_id: headerOf(answer, 'x-request-id'),
      });
      t.notRegex(JSON.stringify(answer), /inside|var\/task|secret-bucket|AccessDenied|at Object/);
      t.is(edge.records().filter(record => record['message'] === 'the app failed').length, 1);
    });
  }
}

test('E9 an exception outside of Koa: thrown at once, rejected later, response destroyed', async t => {
  const listeners = [
    () => {
      throw new Error('inside');
    },
    async () => {
      throw new Error('inside');
    },
    (_: unknown, response: { destroy: (error?: Error) => void }) => response.destroy(new Error('inside')),
    (_: unknown, response: { destroy: (error?: Error) => void }) => response.destroy(),
  ];
  for (const listener of listeners) {
    const edge = await createTestEdge(listener);
    const answer = await edge.invoke(eventOf('http-v2'));
    t.is(answer.statusCode, 500);
    t.deepEqual(JSON.parse(answer.body), { detail: 'Internal server error', request_id: 'JKJaXmPLvHcESHA=' });
  }
});

test('E9 an answer that cannot be made is a 500 too', async t => {
  const edge = await createTestEdge(
    koaApp(context => {
      context.body = 'ok';
      context.res.getHeaderNames = () => {
        throw new Error('inside');
      };
    }),
  );
  const answer = await edge.invoke(eventOf('http-v2'));
  t.is(answer.statusCode, 500);
  t.notRegex(answer.body, /inside/);
});

const failures: readonly (readonly [status: number, KoaHandler, event?: object, context?: object])[] = [
  [400, echo, { ...eventOf('http-v2'), body: {} }],
  [
    413,
    context => {
      context.body = Buffer.alloc(6_291_556);
    },
  ],
  [
    500,
    () => {
      throw new Error('inside');
    },
  ],
  [504, () => new Promise(() => {}), eventOf('http-v2'), contextOf(500)],
];

for (const [status, handle, event = eventOf('http-v2'), context = contextOf()] of failures) {
  test(`E22 a ${status} of the edge carries security headers and is not stored`, async t => {
    const edge = await createTestEdge(koaApp(handle));
    const answer = await edge.invoke(event, context);
    t.is(answer.statusCode, status);
    t.like(answer.headers, {
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });
}

test('E9 on request a failure is an RFC 9457 problem', async t => {
  const edge = await createTestEdge(
    koaApp(() => {
      throw new Error('inside');
    }),
  );
  const answer = await edge.invoke(eventOf('http-v2', { headers: { accept: 'application/problem+json' } }));
  t.is(headerOf(answer, 'content-type'), 'application/problem+json');
  t.deepEqual(JSON.parse(answer.body), {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    detail: 'Internal server error',
    request_id: 'JKJaXmPLvHcESHA=',
  });
});

test('E9 an app that answers its own error keeps its answer', async t => {
  const edge = await createTestEdge(
    koaApp(context => {
      context.app.emit('error', new Error('handled'), context);
      context.status = 500;
      context.type = 'json';
      context.body = '{"detail":"mine"}';
    }),
  );
  t.is((await edge.invoke(eventOf('http-v2'))).body, '{"detail":"mine"}');
});

const injections = ['x\r\nset-cookie: evil=1', 'x\nevil: 1', 'x\r', 'x\u0000', 'x\u0085\u2028'];

for (const source of sources) {
  test(`E13 CRLF in parameters: what an app reflects into a header is refused with 400 (${source})`, async t => {
    const edge = await createTestEdge(
      koaApp(context => {
        context.set('x-reflected', String(context.query['q']));
        context.body = 'ok';
      }),
    );
    for (const text of injections) {
      const answer = await edge.invoke(eventOf(source, { query: `q=${encodeURIComponent(text)}` }));
      t.is(answer.statusCode, 400);
      t.notRegex(JSON.stringify([answer.headers, answer.multiValueHeaders, answer.cookies]), /evil/);
    }
  });

  test(`E13 CRLF in headers: an event with one is refused with 400 (${source})`, async t => {
    const edge = await createTestEdge(koaApp(echo));
    for (const text of injections.slice(0, 4)) {
      t.is((await edge.invoke(eventOf(source, { headers: { 'x-in': text } }))).statusCode, 400);
    }
  });
}

test('E13 no request id of a client reaches a header or a line unless it is sane', async t => {
  const edge = await createTestEdge(koaApp(echo));
  for (const id of ['a","level":"FATAL', 'x y', '<b>', 'ü', 'a'.repeat(129)]) {
    const answer = await edge.invoke(eventOf('http-v2', { headers: { 'x-request-id': id } }));
    t.is(headerOf(answer, 'x-request-id'), 'JKJaXmPLvHcESHA=');
  }
  t.true(edge.records().every(record => record['correlation_id'] === 'JKJaXmPLvHcESHA='));
});

test('E14 Host header attack: the Host of a client changes neither path nor address nor any header of the edge', async t => {
  const { version } = createRequire(import.meta.url)('koa/package.json') as { version: string };
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  t.true(
    major > 3 || (major === 3 && (minor > 1 || (minor === 1 && patch >= 2))),
    `koa ${version} (CVE-2026-27959)`,
  );
  const edge = await createTestEdge(
    koaApp(context => {
      context.type = 'json';
      context.body = JSON.stringify({ url: context.req.url, hostname: context.hostname });
    }),
  );
  for (const host of ['a@evil.example', 'evil.example/x?', 'evil.example#', 'evil.example:99999']) {
    const answer = await edge.invoke(eventOf('function-url', { path: '/a', headers: { host } }));
    t.is((JSON.parse(textOf(answer)) as { url: string }).url, '/a');
    t.false(JSON.stringify(answer.headers).includes('evil'));
  }
});

test('requests at the same time keep their ids, signals and bodies apart', async t => {
  const edge = await createTestEdge(
    koaApp(async context => {
      for (let turn = 0; turn < Number(context.query['turns']); turn += 1) await new Promise(setImmediate);
      echo(context);
    }),
  );
  const asked = Array.from({ length: 50 }, (_, index) =>
    edge.invoke(
      eventOf(sources[index % sources.length] ?? 'alb', {
        method: 'POST',
        query: `turns=${(index * 7) % 5}`,
        headers: { 'x-request-id': `id-${index}` },
        body: `body ${index}`,
      }),
      contextOf(),
    ),
  );
  for (const [index, answer] of (await Promise.all(asked)).entries()) {
    t.is(headerOf(answer, 'x-request-id'), `id-${index}`);
    t.is(Buffer.from(seenBy(answer).body, 'base64').toString(), `body ${index}`);
  }
  const ids = edge.records().map(record => record['correlation_id']);
  t.is(new Set(ids).size, 50);
});
