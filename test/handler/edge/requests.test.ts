/** Events → requests: paths, queries, headers, cookies, bodies, addresses; what cannot be a request is refused. */
import test from 'ava';
import type { Verdict } from '../../../handler/edge/classify.ts';
import { classify } from '../../../handler/edge/classify.ts';
import { payloadLimit } from '../../../handler/edge/request.ts';
import { decodedPath, encodedPath, rawQuery } from '../../../handler/edge/url.ts';
import { eventOf, sources } from './events.ts';
import { contextOf, createTestEdge, echo, headerOf, koaApp, seenBy, textOf } from './support.ts';

const edge = await createTestEdge(koaApp(echo));

const paths = test.macro({
  exec: (t, make: (path: string) => string, given: string, wanted: string) => t.is(make(given), wanted),
  title: (_, make: (path: string) => string, given: string, wanted: string) =>
    `${make.name} makes ${JSON.stringify(wanted)} of ${JSON.stringify(given)}`,
});

test(paths, encodedPath, '/a%20b/c', '/a%20b/c');
test(paths, encodedPath, '/a%252Fb', '/a%252Fb');
test(paths, encodedPath, '/100%', '/100%25');
test(paths, encodedPath, '/100%zz%41', '/100%25zz%41');
test(paths, encodedPath, '/a?b#c', '/a%3Fb%23c');
test(paths, encodedPath, '/ü €', '/%C3%BC%20%E2%82%AC');
test(paths, encodedPath, '/half \ud800 pair', '/half%20%EF%BF%BD%20pair');
test(paths, encodedPath, "/~user/(a);v=1,2!$&'*+=:@", "/~user/(a);v=1,2!$&'*+=:@");
test(paths, encodedPath, 'no/slash', '/no/slash');
test(paths, encodedPath, '//host/x', '//host/x');
test(paths, encodedPath, '/a\r\nX: y', '/a%0D%0AX:%20y');
test(paths, decodedPath, '/a?b#c', '/a%3Fb%23c');
test(paths, decodedPath, '/a%2Fb', '/a%252Fb');
test(paths, decodedPath, '/ü', '/%C3%BC');
test(paths, rawQuery, 'a=1&a=2&b=%2B+x', 'a=1&a=2&b=%2B+x');
test(paths, rawQuery, 'a=\r\n#ü', 'a=%0D%0A%23%C3%BC');
test(paths, rawQuery, 'a[]=1|2', 'a[]=1|2');

for (const source of sources) {
  test(`${source}: method, path, query, headers, cookies, body and address arrive as they were sent`, async t => {
    const isSingle = source === 'alb';
    const answer = await edge.invoke(
      eventOf(source, {
        method: 'PUT',
        path: '/a%20b/c%2Fd',
        query: isSingle ? 'x=1&y=%26' : 'x=1&y=%26&x=2',
        headers: {
          'X-Tag': isSingle ? 'a' : ['a', 'b'],
          Cookie: 'k=v; l=w',
          'Content-Type': 'application/json',
        },
        body: '{"ü":1}',
      }),
    );
    const seen = seenBy(answer);
    t.is(seen.method, 'PUT');
    const { pathname, searchParams } = new URL(seen.url, 'http://x');
    // an HTTP API has decoded the path, slash included: nobody can tell any more
    t.is(pathname, source === 'http-v2' ? '/a%20b/c/d' : '/a%20b/c%2Fd');
    t.deepEqual(searchParams.getAll('x'), isSingle ? ['1'] : ['1', '2']);
    t.is(searchParams.get('y'), '&');
    t.is(seen.headers['x-tag']?.replace(', ', ','), isSingle ? 'a' : 'a,b');
    t.is(seen.headers['cookie'], 'k=v; l=w');
    t.is(seen.headers['content-length'], '8');
    t.is(Buffer.from(seen.body, 'base64').toString(), '{"ü":1}');
    t.is(seen.ip, '203.0.113.7');
  });

  test(`${source}: the client's request id is taken where it is sane, else the gateway's, and leaves with the answer`, async t => {
    const sane = await edge.invoke(eventOf(source, { headers: { 'x-request-id': 'client-1' } }));
    t.is(headerOf(sane, 'x-request-id'), 'client-1');
    t.is(seenBy(sane).headers['x-request-id'], 'client-1');
    const insane = await edge.invoke(eventOf(source, { headers: { 'x-request-id': 'a b"<script>' } }));
    const event = eventOf(source) as { requestContext: { requestId?: string } };
    const wanted = event.requestContext.requestId ?? '8476a536-e9f4-11e8-9739-2dfe598c3fcd';
    t.is(headerOf(insane, 'x-request-id'), wanted);
    t.is(seenBy(insane).headers['x-request-id'], wanted);
  });
}

const samples = [
  [
    'GET with rawPath',
    {
      version: '2.0',
      rawPath: '/info/version',
      requestContext: { http: { method: 'GET', path: '/info/version', sourceIp: '127.0.0.1' } },
    },
    'GET',
    '/info/version',
  ],
  [
    'POST with a path alone and no source address',
    { version: '2.0', path: '/x/y', body: '{}', requestContext: { http: { method: 'POST', path: '/x/y' } } },
    'POST',
    '/x/y',
  ],
  [
    'POST with a top-level path alone',
    { version: '2.0', path: '/x/y', requestContext: { http: { method: 'POST' } } },
    'POST',
    '/x/y',
  ],
  [
    'nothing but requestContext.http',
    { requestContext: { http: { method: 'GET', path: '/docs' } } },
    'GET',
    '/docs',
  ],
] as const;

for (const [name, event, method, url] of samples) {
  test(`the original's sample event works: ${name}`, async t => {
    const seen = seenBy(await edge.invoke(event));
    t.is(seen.method, method);
    t.is(seen.url, url);
  });
}

test('of headers whose list has no meaning the first counts, cookies are joined as cookies', async t => {
  const event = eventOf('rest-v1', {
    headers: { authorization: ['first', 'second'], host: ['a.example', 'b.example'], cookie: ['a=1', 'b=2'] },
  });
  const { headers, distinct } = seenBy(await edge.invoke(event));
  t.is(headers['authorization'], 'first');
  t.is(headers['host'], 'a.example');
  t.is(headers['cookie'], 'a=1; b=2');
  t.deepEqual(distinct['authorization'], ['first', 'second']);
});

test('names of Object.prototype are plain headers and pollute nothing', async t => {
  const event = eventOf('http-v2', { headers: { constructor: 'c', tostring: 's' } });
  Object.defineProperty(event['headers'], '__proto__', { value: 'polluted', enumerable: true });
  const { headers } = seenBy(await edge.invoke(event));
  t.is(headers['constructor'], 'c');
  t.is(({} as Record<string, unknown>)['polluted'], undefined);
});

test('a load balancer appends the address: what the client wrote before it is not believed', async t => {
  const event = eventOf('alb');
  (event['headers'] as Record<string, string>)['x-forwarded-for'] = '6.6.6.6, 203.0.113.7';
  t.is(seenBy(await edge.invoke(event)).ip, '203.0.113.7');
});

test('a function URL that leaves the cookies in the headers too gives them once', async t => {
  const event = eventOf('function-url', { headers: { cookie: 'a=1; b=2' } });
  (event['headers'] as Record<string, string>)['cookie'] = 'a=1; b=2';
  t.is(seenBy(await edge.invoke(event)).headers['cookie'], 'a=1; b=2');
});

const broken: readonly (readonly [string, Record<string, unknown>, number, string])[] = [
  [
    'a body that is not base64 though it says so',
    { body: 'no base64!', isBase64Encoded: true },
    400,
    'REQUEST_INVALID',
  ],
  ['a body that is an object', { body: { a: 1 } }, 400, 'REQUEST_INVALID'],
  ['headers that are a text', { headers: 'host: x' }, 400, 'REQUEST_INVALID'],
  ['a header value that is an object', { headers: { a: {} } }, 400, 'REQUEST_INVALID'],
  ['a header with a line feed', { headers: { a: 'b\r\nSet-Cookie: x=1' } }, 400, 'REQUEST_INVALID'],
  ['a header name with a colon', { headers: { 'a: b': 'c' } }, 400, 'REQUEST_INVALID'],
  ['a cookie with a line feed', { cookies: ['a=b\nc'] }, 400, 'REQUEST_INVALID'],
  [
    'a method that is no token',
    { requestContext: { http: { method: 'GET /', path: '/' } } },
    400,
    'REQUEST_INVALID',
  ],
  ['a body over the limit of Lambda', { body: 'x'.repeat(payloadLimit + 1) }, 413, 'REQUEST_TOO_LARGE'],
];

for (const [name, fields, status, code] of broken) {
  test(`E10 ${name} is answered with ${status}`, async t => {
    const answer = await edge.invoke({ ...eventOf('function-url'), ...fields });
    t.is(answer.statusCode, status);
    const body = JSON.parse(textOf(answer)) as Record<string, unknown>;
    t.is(body['code'], code);
    t.is(typeof body['request_id'], 'string');
    t.notRegex(answer.body, /Set-Cookie|no base64!/);
  });
}

const verdicts: readonly (readonly [string, unknown, Verdict['kind']])[] = [
  ['null', null, 'direct'],
  ['a text', 'hello', 'direct'],
  ['a list', [1], 'direct'],
  ['a batch of a pipe', [{ eventSource: 'aws:sqs', body: '' }], 'foreign'],
  ['an object of the caller', { action: 'refresh' }, 'direct'],
  ['version 2.0 with nothing else', { version: '2.0', rawPath: '/' }, 'direct'],
  ['a method without a path', { httpMethod: 'GET' }, 'direct'],
  ['a hand-made REST event', { httpMethod: 'GET', path: '/' }, 'http'],
  ['a schedule', { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }, 'foreign'],
  ['a Cognito trigger', { triggerSource: 'PreSignUp_SignUp', userPoolId: 'p' }, 'foreign'],
  ['a CloudFormation request', { RequestType: 'Create', StackId: 's', ResourceProperties: {} }, 'foreign'],
  ['a Firehose batch', { deliveryStreamArn: 'arn', records: [] }, 'foreign'],
  ['the ping of serverless-plugin-warmup', { source: 'serverless-plugin-warmup' }, 'warm-up'],
  ['the ping of lambda-warmer', { warmer: true, concurrency: 3 }, 'warm-up'],
  ['a plain ping', { warmup: true }, 'warm-up'],
  ['an HTTP event with records in it', { ...eventOf('rest-v1'), Records: [] }, 'foreign'],
];

for (const [name, event, kind] of verdicts) {
  test(`${name} is ${kind}`, t => {
    t.is(classify(event).kind, kind);
  });
}

test('E10 a HEAD that is no valid request is answered without a body, whatever its context says', async t => {
  for (const source of sources) {
    const event = { ...eventOf(source, { method: 'HEAD' }), body: [] };
    const { body } = await edge.invoke(event);
    t.is(body, '', source);
  }
  const misled = {
    ...eventOf('rest-v1', { method: 'HEAD' }),
    body: [],
    requestContext: { http: { method: '' } },
  };
  t.is((await edge.invoke(misled)).body, '');
});

test('the app finds the event, the Lambda context and the context of the request as they came', async t => {
  let found: unknown[] = [];
  const own = await createTestEdge(
    koaApp(context => {
      const { apiGateway, requestContext } = context.req;
      found = [apiGateway.event, apiGateway.context, requestContext];
      context.body = 'ok';
    }),
  );
  const event = eventOf('rest-v1');
  const context = contextOf();
  await own.invoke(event, context);
  t.deepEqual(found, [event, context, event['requestContext']]);
});

test('a direct invoke gets the 400 of the original, letter by letter', async t => {
  t.deepEqual(await edge.invoke({}), {
    statusCode: 400,
    body: '{"error":"Invalid Lambda event format"}',
  } as never);
});

test('a ping is answered before the app', async t => {
  t.deepEqual(await edge.invoke({ warmup: true }), { statusCode: 200, body: '{"message":"warm"}' } as never);
});
