/** Every event of ../shared/fixtures/events: HTTP ones served as their origin documents them, others never routed. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { createTestEdge, echo, koaApp, seenBy } from './support.ts';

type Fields = Readonly<Record<string, unknown>>;

const folder = fileURLToPath(new URL('../../../../shared/fixtures/events/', import.meta.url));
const files = existsSync(folder) ? globSync('**/*.json', { cwd: folder }).sort() : [];

/** Named as HTTP by their folder, but an authorizer's request or a WebSocket message all the same. */
const notRouted = /authorizer-(?:request|token)\.json$|apigw-rest\/websocket\.json$/;
const http = files.filter(
  file => /\/(?:http|alb|apigw-http|apigw-rest|lambda)\//.test(file) && !notRouted.test(file),
);
const others = files.filter(file => !http.includes(file));

const edge = await createTestEdge(koaApp(echo));

if (files.length === 0) {
  test('the event fixtures are absent: nothing of them is tested', t => {
    t.log(`SKIPPED: no events in ${path.basename(folder)}`);
    t.pass();
  });
}

for (const file of http) {
  test(`${file} is served as its origin documents it`, async t => {
    const event = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Fields;
    const answer = await edge.invoke(event);
    t.is(answer.statusCode, 200);
    const seen = seenBy(answer);
    const wanted = expected(event);
    t.is(seen.method, wanted.method);
    const url = new URL(seen.url, 'http://x');
    t.is(decodeURIComponent(url.pathname), wanted.path);
    t.deepEqual([...url.searchParams].sort(), [...wanted.query].sort());
    t.is(seen.ip, wanted.ip);
    t.deepEqual(Buffer.from(seen.body, 'base64'), wanted.body);
    for (const [name, values] of Object.entries(wanted.headers))
      t.deepEqual(seen.distinct[name], values, name);
    t.is(seen.headers['cookie'], wanted.cookie);
    if (wanted.body.length > 0) t.is(seen.headers['content-length'], String(wanted.body.length));
  });
}

for (const file of others) {
  test(`${file} is never routed: its origin gets an error and keeps its message`, async t => {
    const event: unknown = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
    await t.throwsAsync(edge.invoke(event), { code: 'EVENT_NOT_HTTP' });
  });
}

/** What the documentation of each origin says of the event, read off its fields once more and differently. */
function expected(event: Fields): {
  method: string;
  path: string;
  query: [string, string][];
  headers: Record<string, string[]>;
  cookie: string | undefined;
  ip: string | undefined;
  body: Buffer;
} {
  const context = event['requestContext'] as Fields;
  const second = context['http'] as Readonly<Record<string, string>> | undefined;
  const isBalancer = 'elb' in context;
  const multi = event['multiValueHeaders'] as Readonly<Record<string, string[]>> | null | undefined;
  const plain = (event['headers'] ?? {}) as Readonly<Record<string, string>>;
  const headers: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(plain)) headers[name.toLowerCase()] = [String(value)];
  for (const [name, values] of Object.entries(multi ?? {})) headers[name.toLowerCase()] = values;
  const cookies = event['cookies'] as string[] | undefined;
  const content = String(event['body'] ?? '');
  return {
    method: second?.['method'] ?? String(event['httpMethod']),
    path: second === undefined ? String(event['path']) : String(event['rawPath'] ?? second['path']),
    query: queryOf(event, isBalancer),
    headers,
    cookie: cookies === undefined || cookies.length === 0 ? headers['cookie']?.[0] : cookies.join('; '),
    ip: isBalancer
      ? headers['x-forwarded-for']?.[0]?.split(', ').at(-1)
      : (second?.['sourceIp'] ??
        (context['identity'] as Readonly<Record<string, string>> | undefined)?.['sourceIp']),
    body: Buffer.from(content, event['isBase64Encoded'] === true ? 'base64' : 'utf8'),
  };
}

function queryOf(event: Fields, isBalancer: boolean): [string, string][] {
  if (typeof event['rawQueryString'] === 'string') return [...new URLSearchParams(event['rawQueryString'])];
  const maps = (event['multiValueQueryStringParameters'] ?? event['queryStringParameters'] ?? {}) as Readonly<
    Record<string, string | string[]>
  >;
  const pairs = Object.entries(maps).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  // a load balancer passes names and values on as the client wrote them
  return isBalancer
    ? [...new URLSearchParams(pairs.map(([name, value]) => `${name}=${value}`).join('&'))]
    : pairs;
}
