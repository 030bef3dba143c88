/** The service behind the handler's edge: Lambda events in, answers of their source out. */
import test from 'ava';
import { createApp } from '../../src/app.ts';
import { createTestEdge } from '../handler/edge/support.ts';
import { playGitHub } from './helpers/github.ts';
import { key, withKey } from './helpers/serve.ts';
import { archiveOf } from './helpers/tar.ts';

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A function URL's event. */
function functionUrl({ method = 'GET', path, headers = {}, body }: Sent): object {
  const { cookie, ...others } = headers;
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'id.lambda-url.eu-west-1.on.aws', 'x-forwarded-proto': 'https', ...others },
    ...(cookie && { cookies: cookie.split('; ') }),
    requestContext: {
      domainName: 'id.lambda-url.eu-west-1.on.aws',
      requestId: 'gateway-id-1',
      stage: '$default',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.9' },
    },
    isBase64Encoded: body !== undefined,
    ...(body !== undefined && { body: Buffer.from(body).toString('base64') }),
  };
}

/** A REST API's event. */
function restApi({ method = 'GET', path, headers = {}, body }: Sent): object {
  const all = { Host: 'api.example', 'X-Forwarded-Proto': 'https', ...headers };
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers: all,
    multiValueHeaders: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    requestContext: {
      requestId: 'gateway-id-1',
      stage: 'prod',
      httpMethod: method,
      path,
      identity: { sourceIp: '203.0.113.9' },
    },
    isBase64Encoded: false,
    body: body ?? null,
  };
}

for (const [source, eventOf] of Object.entries({ functionUrl, restApi })) {
  test(`${source}: key in the header, in the cookie, and none`, async t => {
    const edge = await createTestEdge(createApp({ environment: withKey }));
    const statusOf = async (headers: Record<string, string>) =>
      (await edge.invoke(eventOf({ path: '/info/version', headers }))).statusCode;
    t.is(await statusOf({ 'x-api-key': key }), 200);
    t.is(await statusOf({ cookie: `a=b; x-api-key=${key}` }), 200);
    t.is(await statusOf({}), 401);
    t.is(await statusOf({ 'x-api-key': 'wrong', cookie: `x-api-key=${key}` }), 401);
    t.false(edge.lines.join('').includes(key));
  });

  test(`${source}: a body in memory is read, and the metrics carry the route and not the path`, async t => {
    const gitHub = await playGitHub(t, archiveOf([{ path: 'a.txt', content: 'hello' }]));
    const edge = await createTestEdge(createApp({ environment: { ...withKey, GITHUB_API_URL: gitHub.url } }));
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const body = JSON.stringify({ owner: 'acme', name: 'sample', filter_starts_with: '', format: 'json' });
    const answer = await edge.invoke(
      eventOf({ method: 'POST', path: '/github-digest/markdown/filter', headers, body }),
    );
    t.is(answer.statusCode, 200);
    t.true(String(answer.body).includes('"content":"hello"'));
    t.true(edge.records().some(record => record['route'] === '/github-digest/markdown/filter'));
  });

  test(`${source}: the request id of the gateway is the answer's`, async t => {
    const edge = await createTestEdge(createApp({ environment: withKey, write: () => {} }));
    const answer = await edge.invoke(eventOf({ path: '/nothing', headers: { 'x-api-key': key } }));
    const headers = { ...answer.headers } as Record<string, string>;
    t.deepEqual([answer.statusCode, headers['x-request-id']], [404, 'gateway-id-1']);
  });
}
