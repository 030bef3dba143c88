/** Function URLs over HTTP: the event, the response, who may call, streaming, CORS. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  AddPermissionCommand,
  CreateFunctionUrlConfigCommand,
  type CreateFunctionUrlConfigCommandInput,
} from '@aws-sdk/client-lambda';
import { SignatureV4 } from '@smithy/signature-v4';
import test from 'ava';
import { Sha256 } from '../s3/signed-request.ts';
import { type Bench, createFunction, openBench } from '../support.ts';

let bench: Bench;
test.before(async () => {
  bench = await openBench();
});
test.after.always(async () => {
  await bench?.[Symbol.asyncDispose]();
});

async function urlOf(
  name: string,
  code: string,
  input: Partial<CreateFunctionUrlConfigCommandInput> = {},
): Promise<string> {
  await createFunction(bench.lambda, name, { MemorySize: 1769, Timeout: 20, files: { 'index.mjs': code } });
  const url = await bench.lambda.send(
    new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: 'NONE', ...input }),
  );
  const at = { FunctionName: name, Principal: '*' };
  await bench.lambda.send(
    new AddPermissionCommand({
      ...at,
      StatementId: 'url',
      Action: 'lambda:InvokeFunctionUrl',
      FunctionUrlAuthType: 'NONE',
    }),
  );
  await bench.lambda.send(
    new AddPermissionCommand({
      ...at,
      StatementId: 'function',
      Action: 'lambda:InvokeFunction',
      InvokedViaFunctionUrl: true,
    }),
  );
  return url.FunctionUrl ?? '';
}

/** Plain HTTP: `fetch` hides what is on the wire. */
function get(
  url: string,
  options: {
    path?: string;
    method?: string;
    headers?: Record<string, string | string[]>;
    body?: string | Buffer;
  } = {},
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const { path = '/', method = 'GET', headers = {} } = options;
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      text(response).then(
        body => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
    sent.on('error', reject).end(options.body);
  });
}

test('a request becomes an event of payload 2.0: raw path and query, joined headers, cookies, text or base64', async t => {
  const url = await urlOf('echo', 'export const handler = async event => JSON.stringify(event);');
  const answer = await get(url, {
    path: '/a%20b/%2F?x=1&x=2&y=%C3%BC',
    method: 'POST',
    headers: { 'x-twice': ['1', '2'], cookie: 'a=1; b=2', 'content-type': 'application/json' },
    body: '{"ü":1}',
  });
  const event = JSON.parse(answer.body);
  t.is(event.version, '2.0');
  t.is(event.rawPath, '/a%20b/%2F');
  t.is(event.rawQueryString, 'x=1&x=2&y=%C3%BC');
  t.deepEqual(event.queryStringParameters, { x: '1,2', y: 'ü' });
  t.is(event.headers['x-twice'], '1,2');
  t.deepEqual(event.cookies, ['a=1', 'b=2']);
  t.is(event.headers.cookie, undefined);
  t.is(event.body, '{"ü":1}');
  t.is(event.isBase64Encoded, false);
  t.is(event.requestContext.http.method, 'POST');
  t.is(event.requestContext.accountId, 'anonymous');
  t.regex(event.requestContext.time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  const binary = await get(url, {
    method: 'PUT',
    headers: { 'content-type': 'image/png' },
    body: Buffer.from([0, 255, 1]),
  });
  const { body, isBase64Encoded } = JSON.parse(binary.body);
  t.deepEqual([body, isBase64Encoded], ['AP8B', true]);
});

test('an answer with statusCode is taken field by field, any other is a 200 with JSON', async t => {
  const url = await urlOf(
    'answers',
    `const answers = {
      '/full': { statusCode: 418, headers: { 'X-One': 'a', 'content-type': 'text/plain' }, cookies: ['a=1; Path=/', 'b=2'], body: Buffer.from([195, 188]).toString('base64'), isBase64Encoded: true },
      '/object': { hello: 'world' },
      '/text': 'plain',
      '/number': { statusCode: 99 },
      '/split': { statusCode: 200, headers: { a: 'b\\r\\nset-cookie: evil=1' } },
      '/none': undefined,
    };
    export const handler = async event => { if (event.rawPath === '/throw') throw new Error('secret reason'); return answers[event.rawPath]; };`,
  );
  const full = await get(url, { path: '/full' });
  t.is(full.status, 418);
  t.is(full.headers['x-one'], 'a');
  t.deepEqual(full.headers['set-cookie'], ['a=1; Path=/', 'b=2']);
  t.is(full.headers['content-type'], 'text/plain');
  t.is(full.body, 'ü');
  const object = await get(url, { path: '/object' });
  t.deepEqual(
    [object.status, object.headers['content-type'], object.body],
    [200, 'application/json', '{"hello":"world"}'],
  );
  t.is((await get(url, { path: '/text' })).body, 'plain');
  t.is((await get(url, { path: '/none' })).status, 200);
  for (const path of ['/throw', '/number', '/split']) {
    const { status, body, headers } = await get(url, { path });
    t.deepEqual([path, status, body, headers['set-cookie']], [path, 502, 'Internal Server Error', undefined]);
  }
});

test('without permission for everyone a public URL answers 403, and the log says what is missing', async t => {
  await createFunction(bench.lambda, 'closed');
  const { FunctionUrl = '' } = await bench.lambda.send(
    new CreateFunctionUrlConfigCommand({ FunctionName: 'closed', AuthType: 'NONE' }),
  );
  const { status, headers } = await get(FunctionUrl);
  t.deepEqual([status, headers['x-amzn-errortype']], [403, 'AccessDeniedException']);
  t.true(
    bench.lines.some(
      line => line.includes('URL of closed') && line.includes('lacks lambda:InvokeFunctionUrl'),
    ),
  );
});

test('with AWS_IAM only a signed request passes, and the event says who signed', async t => {
  const url = await urlOf(
    'signed',
    'export const handler = async event => event.requestContext.authorizer.iam.userArn;',
    { AuthType: 'AWS_IAM' },
  );
  t.is((await get(url)).status, 403);
  const { port } = new URL(url);
  const sign = (secretAccessKey = 'test'): Promise<{ headers: Record<string, string> }> =>
    new SignatureV4({
      service: 'lambda',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey },
      sha256: Sha256,
    }).sign({
      method: 'GET',
      protocol: 'http:',
      hostname: '127.0.0.1',
      port: Number(port),
      path: '/',
      headers: { host: `127.0.0.1:${port}` },
    });
  t.deepEqual(await get(url, { headers: (await sign()).headers }).then(one => [one.status, one.body]), [
    200,
    'arn:aws:iam::000000000000:root',
  ]);
  t.is((await get(url, { headers: (await sign('wrong')).headers })).status, 403);
});

test('in RESPONSE_STREAM mode status, headers and cookies come from the prelude, the body as it is written', async t => {
  const url = await urlOf(
    'streamed',
    `export const handler = awslambda.streamifyResponse(async (event, stream) => {
      const out = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'content-type': 'text/plain' }, cookies: ['a=1', 'b=2'] });
      out.write('one ');
      out.write('x'.repeat(7 * 1024 * 1024));
      out.end();
    });`,
    { InvokeMode: 'RESPONSE_STREAM' },
  );
  const { status, headers, body } = await get(url);
  t.deepEqual([status, headers['content-type'], headers['set-cookie']], [201, 'text/plain', ['a=1', 'b=2']]);
  t.is(body.length, 4 + 7 * 1024 * 1024, 'more than the 6 MB of a buffered response');
});

test('a stream that fails midway is cut off, never ended as if it were whole', async t => {
  const url = await urlOf(
    'broken',
    `export const handler = awslambda.streamifyResponse(async (event, stream) => {
      stream.write('half');
      throw new Error('midway');
    });`,
    { InvokeMode: 'RESPONSE_STREAM' },
  );
  await t.throwsAsync(get(url), { code: 'ECONNRESET' });
  t.is(bench.aws.invocations.findLast(one => one.functionName === 'broken')?.status, 'error');
});

test('a prelude that is none, or holds a header that cannot be sent, is a 502 and harms nobody else', async t => {
  const url = await urlOf(
    'preludes',
    `const preludes = {
      '/garbage': '{no json',
      '/status': JSON.stringify({ statusCode: 42 }),
      '/cookie': JSON.stringify({ statusCode: 200, cookies: ['a=1\\r\\nevil: 1'] }),
    };
    export const handler = awslambda.streamifyResponse(async (event, stream) => {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.write(preludes[event.rawPath] + '\\0'.repeat(8) + 'body');
      stream.end();
    });`,
    { InvokeMode: 'RESPONSE_STREAM' },
  );
  for (const path of ['/garbage', '/status', '/cookie']) {
    const { status, headers } = await get(url, { path });
    t.deepEqual([path, status, headers['evil']], [path, 502, undefined]);
  }
});

test('CORS is answered before the function is asked', async t => {
  const url = await urlOf('cors', 'export const handler = async () => "called";', {
    Cors: {
      AllowOrigins: ['https://a.example'],
      AllowMethods: ['GET'],
      AllowHeaders: ['x-key'],
      MaxAge: 60,
      AllowCredentials: true,
    },
  });
  const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
  const before = await get(url, { method: 'OPTIONS', headers });
  t.deepEqual(
    [
      before.status,
      before.body,
      before.headers['access-control-allow-origin'],
      before.headers['access-control-max-age'],
      before.headers['access-control-allow-credentials'],
    ],
    [200, '', 'https://a.example', '60', 'true'],
  );
  const other = await get(url, { headers: { origin: 'https://b.example' } });
  t.deepEqual([other.body, other.headers['access-control-allow-origin']], ['called', undefined]);
});
