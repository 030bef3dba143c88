/**
 * E10 and issue 6.9: generated requests through all five sources, and events broken in every field: nothing crashes,
 * every answer has the schema of its source, no 5xx. `EDGE_FUZZ_RUNS=50000` for the long run; the seed is printed.
 */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import type { HttpSource } from '../../../handler/edge/classify.ts';
import type { RequestLine } from './events.ts';
import { eventOf, sources } from './events.ts';
import type { Echo } from './support.ts';
import { createTestEdge, echo, koaApp, seenBy } from './support.ts';

const numRuns = Number(process.env['EDGE_FUZZ_RUNS'] ?? 2500);
const seed = Number(process.env['EDGE_FUZZ_SEED'] ?? 20_261_123);

const edge = await createTestEdge(
  koaApp(context => {
    // each kind of answer, so that each is judged in each schema
    switch (context.req.headers['x-kind']) {
      case 'bytes':
        context.type = 'application/octet-stream';
        context.body = context.req.body;
        return;
      case 'empty':
        context.status = 204;
        return;
      case 'cookies':
        context.append('set-cookie', ['a=1', 'b=2', 'c=3']);
        context.body = 'ok';
        return;
      default:
        return echo(context);
    }
  }),
);

const tokenText = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/);
const fieldValue = fc.stringMatching(/^[\x21-\x7e][\x20-\x7e]{0,30}$/).map(value => value.trim());
const headers = fc
  .dictionary(
    tokenText.filter(name => !/^(?:cookie|host|x-kind|__proto__)$/i.test(name)),
    fc.oneof(fieldValue, fc.array(fieldValue, { minLength: 1, maxLength: 3 })),
    { maxKeys: 6 },
  )
  // names that differ in case alone are one header, and a JSON object keeps either
  .filter(
    most => new Set(Object.keys(most).map(name => name.toLowerCase())).size === Object.keys(most).length,
  )
  .chain(most =>
    fc.constantFrom('echo', 'bytes', 'empty', 'cookies').map(kind => ({ ...most, 'x-kind': kind })),
  );
const segment = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .map(text => encodeURIComponent(text.toWellFormed()));
const line = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
  path: fc.array(segment, { maxLength: 4 }).map(parts => `/${parts.join('/')}`),
  query: fc
    .array(
      fc.tuple(
        segment.filter(text => text !== ''),
        segment,
      ),
      { maxLength: 4 },
    )
    .map(pairs => pairs.map(([name, value]) => `${name}=${value}`).join('&')),
  headers,
  body: fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
  ),
});

test('generated requests: never a 5xx, never an answer outside its schema, nothing lost on the way', async t => {
  t.log(`seed ${seed}, ${numRuns} runs`);
  const property = fc.asyncProperty(fc.constantFrom(...sources), line, async (source, request) => {
    const answer = await edge.invoke(eventOf(source, request));
    if (answer.statusCode >= 500) return false;
    if (request.headers['x-kind'] !== 'echo' || request.method === 'HEAD' || answer.statusCode !== 200)
      return true;
    return lost(source, request, seenBy(answer)).length === 0;
  });
  const result = await fc.check(property, { seed, numRuns });
  t.false(result.failed, report(result));
});

/** What of a request did not arrive as it was sent. */
function lost(source: HttpSource, request: RequestLine, seen: Echo): string[] {
  const [path = '', query = ''] = seen.url.split('?');
  const asked = [...new URLSearchParams(request.query)];
  // a balancer in single-value mode passes on the last of each name, the maps of the others are grouped by name
  const wanted = source === 'alb' ? [...new Map(asked)] : asked;
  const byName = (pairs: readonly (readonly [string, string])[]) =>
    pairs
      .map(([name]) => name)
      .sort()
      .map(name => [name, pairs.filter(pair => pair[0] === name)]);
  const problems = [
    seen.method === request.method ? '' : 'method',
    decodeURIComponent(path) === decodeURIComponent(request.path ?? '/') ? '' : 'path',
    isDeepStrictEqual(byName([...new URLSearchParams(query)]), byName(wanted)) ? '' : 'query',
    Buffer.from(seen.body, 'base64').equals(Buffer.from(request.body ?? '')) ? '' : 'body',
    ...Object.entries(request.headers ?? {}).map(([name, sent]) => {
      const values = [sent].flat();
      const arrives = { 'rest-v1': values, 'alb-multi': values, alb: values.slice(-1) };
      const expected = source in arrives ? arrives[source as keyof typeof arrives] : [values.join(',')];
      return isDeepStrictEqual(seen.distinct[name.toLowerCase()], expected) ? '' : `header ${name}`;
    }),
  ];
  return problems.filter(problem => problem !== '');
}

const anything = fc.anything({
  maxDepth: 2,
  withNullPrototype: false,
  key: fc.oneof(fc.string(), fc.constantFrom('http', 'elb', 'method', 'path', 'cookies', '__proto__')),
});

test('E10 events with any field broken: an answer of 4xx or a refusal, never a crash', async t => {
  t.log(`seed ${seed}, ${numRuns} runs`);
  const fields = [
    'version',
    'rawPath',
    'path',
    'httpMethod',
    'rawQueryString',
    'headers',
    'multiValueHeaders',
    'queryStringParameters',
    'multiValueQueryStringParameters',
    'cookies',
    'requestContext',
    'body',
    'isBase64Encoded',
  ];
  const property = fc.asyncProperty(
    fc.constantFrom(...sources),
    line,
    fc.uniqueArray(fc.tuple(fc.constantFrom(...fields), anything), {
      minLength: 1,
      maxLength: 3,
      selector: ([name]) => name,
    }),
    async (source, request, broken) => {
      const event = JSON.parse(
        JSON.stringify({ ...eventOf(source, request), ...Object.fromEntries(broken) }),
      ) as unknown;
      try {
        const answer = await edge.invoke(event);
        return answer.statusCode < 500;
      } catch (error) {
        return (error as { code?: unknown }).code === 'EVENT_NOT_HTTP';
      }
    },
  );
  const result = await fc.check(property, { seed, numRuns });
  t.false(result.failed, report(result));
});

test('E10 anything at all: an answer of 400, a ping or a refusal', async t => {
  const property = fc.asyncProperty(fc.anything({ maxDepth: 3 }), async value => {
    const event: unknown = value === undefined ? null : JSON.parse(JSON.stringify(value, plain) ?? 'null');
    try {
      return (await edge.invoke(event)).statusCode < 500;
    } catch (error) {
      return (error as { code?: unknown }).code === 'EVENT_NOT_HTTP';
    }
  });
  const result = await fc.check(property, { seed, numRuns: Math.min(numRuns, 500) });
  t.false(result.failed, report(result));
});

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : value;
}

function report<T>(result: fc.RunDetails<T>): string {
  return fc.defaultReportMessage(result)?.slice(0, 1500) ?? '';
}
