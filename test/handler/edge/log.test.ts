/** Lines: one a thing that happened, JSON, with the fields of the contract, without secrets, impossible to forge. */
import test from 'ava';
import { redactText } from '../../../handler/edge/redact.ts';
import { readEdgeSettings } from '../../../handler/edge/settings.ts';
import type { Level } from '../../../handler/log.ts';
import { createLogger, levels } from '../../../handler/log.ts';
import { isLinear } from '../../support/regexp-steps.ts';
import { eventOf } from './events.ts';
import { createTestEdge, koaApp } from './support.ts';

function linesOf(
  env: NodeJS.ProcessEnv,
  write: (log: ReturnType<typeof createLogger>['log']) => void,
): string[] {
  const lines: string[] = [];
  write(createLogger(readEdgeSettings(env, 'demo'), line => void lines.push(line)).log);
  return lines;
}

function recordOf(
  env: NodeJS.ProcessEnv,
  level: Level,
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) {
  const [line = ''] = linesOf(env, log => log(level, message, fields));
  return JSON.parse(line) as Record<string, unknown>;
}

test('a line has level, message, timestamp and service, and ends with one line feed', t => {
  const [line = ''] = linesOf({}, log => log('INFO', 'hello', { a: 1 }));
  t.regex(line, /^\{[^\n]*\}\n$/);
  const { timestamp, ...record } = JSON.parse(line) as Record<string, unknown>;
  t.deepEqual(record, { level: 'INFO', message: 'hello', service: 'demo', a: 1 });
  t.regex(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('the line of a request has the fields of the contract', async t => {
  const edge = await createTestEdge(
    koaApp(context => {
      context.req.route = '/users/:id';
      context.body = 'ok';
    }),
  );
  await edge.invoke(eventOf('http-v2', { headers: { 'x-amzn-trace-id': 'Root=1-5f-abc;Parent=1' } }));
  const [record] = edge.records();
  t.like(record, {
    level: 'INFO',
    message: 'request',
    service: 'demo',
    cold_start: true,
    function_request_id: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
    correlation_id: 'JKJaXmPLvHcESHA=',
    xray_trace_id: '1-5f-abc',
    method: 'GET',
    route: '/users/:id',
    status: 200,
  });
  t.is(typeof record?.['duration_ms'], 'number');
  t.is(typeof record?.['timestamp'], 'string');
  t.is(edge.lines.length, 1, 'log and metrics are one line');
});

for (const [index, threshold] of levels.entries()) {
  test(`AWS_LAMBDA_LOG_LEVEL=${threshold} lets ${levels.slice(index).join(', ')} through`, t => {
    const lines = linesOf({ AWS_LAMBDA_LOG_LEVEL: threshold }, log => {
      for (const level of levels) log(level, level);
    });
    t.deepEqual(
      lines.map(line => (JSON.parse(line) as { level: string }).level),
      levels.slice(index),
    );
  });
}

test('above INFO a request leaves its metrics alone', async t => {
  const edge = await createTestEdge(
    koaApp(context => {
      context.body = 'ok';
    }),
    { AWS_LAMBDA_LOG_LEVEL: 'ERROR' },
  );
  await edge.invoke(eventOf('http-v2'));
  const [record] = edge.records();
  t.truthy(record?.['_aws']);
  t.is(record?.['message'], undefined);
});

test('AWS_LAMBDA_LOG_FORMAT=Text puts the same JSON behind the prefix of Lambda', async t => {
  const edge = await createTestEdge(
    koaApp(context => {
      context.body = 'ok';
    }),
    { AWS_LAMBDA_LOG_FORMAT: 'Text' },
  );
  await edge.invoke(eventOf('http-v2'));
  const [line = '', metrics = ''] = edge.lines.join('').split('\n');
  const [timestamp, id, level, json = ''] = line.split('\t');
  t.regex(timestamp ?? '', /^\d{4}-/);
  t.is(id, '8476a536-e9f4-11e8-9739-2dfe598c3fcd');
  t.is(level, 'INFO');
  t.like(JSON.parse(json), { message: 'request', status: 200 });
  t.truthy((JSON.parse(metrics) as Record<string, unknown>)['_aws']);
});

test('no text can end a line, move the cursor or turn the reading direction', t => {
  const [line = ''] = linesOf({}, log =>
    log('INFO', 'a\nb\r\u2028\u001b[2J\u009b1A\u202eevil', { '\n': '\n"}' }),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  t.notRegex(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
  t.is((JSON.parse(line) as { message: string }).message, 'a\nb\r\u2028\u001b[2J\u009b1A\u202eevil');
});

test('a logger survives what it is given', t => {
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  const record = recordOf({}, 'INFO', 'odd', {
    loop,
    big: 10n,
    symbol: Symbol('s'),
    call: () => 1,
    bytes: Buffer.from('secret bytes'),
    many: Array.from({ length: 500 }, () => 1),
    long: 'x'.repeat(10_000),
    nothing: null,
    when: new Date(0),
  });
  const trap = Object.defineProperty({}, 'trap', {
    enumerable: true,
    get() {
      throw new Error('read');
    },
  });
  t.like(recordOf({}, 'INFO', 'trapped', trap), { message: 'trapped', fields: '[unreadable]' });
  t.like(record, { big: '10', symbol: 'Symbol(s)', call: '[function]', bytes: '[12 bytes]', nothing: null });
  t.true(JSON.stringify(record).length < 8000);
});

test('an error gives name, message, code, hint, details, causes and frames, not its other properties', t => {
  const cause = new Error('below');
  const error = Object.assign(new TypeError('above', { cause }), {
    code: 'X_CODE',
    hint: 'do this',
    details: { bucket: 'b', key: 'sha256/1.zip' },
    request: { headers: { authorization: 'Bearer abcdefgh' } },
  });
  const { error: logged } = recordOf({}, 'ERROR', 'failed', { error }) as { error: Record<string, unknown> };
  t.like(logged, {
    name: 'TypeError',
    message: 'above',
    code: 'X_CODE',
    hint: 'do this',
    details: { bucket: 'b', key: 'sha256/1.zip' },
  });
  t.like(logged['cause'], { name: 'Error', message: 'below' });
  t.is(logged['request'], undefined);
  t.true((logged['stack'] as string[]).every(line => line.startsWith('    at ')));
});

const texts: readonly (readonly [string, string])[] = [
  [
    'GET https://api.example/8.8.8.8?api-key=abcdef123456&x=1',
    'GET https://api.example/8.8.8.8?api-key=[redacted]&x=1',
  ],
  ['apikey: abcdef', 'apikey: [redacted]'],
  ['{"access_token":"abcdef"}', '{"access_token":"[redacted]"}'],
  ['Authorization: Bearer abc.def.ghi', 'Authorization: [redacted]'],
  ['sent Bearer abcdefgh to it', 'sent Bearer [redacted] to it'],
  ['token ghp_0123456789abcdefghij is bad', 'token [redacted] is bad'],
  ['key AKIAIOSFODNN7EXAMPLE used', 'key [redacted] used'],
  ['https://user:pass@host/x', 'https://[redacted]@host/x'],
  ['X-Amz-Signature=0123456789abcdef', 'X-Amz-Signature=[redacted]'],
  ['a jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc here', 'a jwt [redacted] here'],
  ['nothing to hide: 200 tokens estimated', 'nothing to hide: 200 tokens estimated'],
];

for (const [given, wanted] of texts) {
  test(`redacted: ${given}`, t => {
    t.is(redactText(given, []), wanted);
  });
}

for (const piece of ['api-key', 'token ', 'eyJ', '//a:', 'Bearer ', 'a=', ' ', '"', '..."']) {
  test(`E26 the patterns take steps in proportion to a text, and see no more than a bounded part: ${piece}`, t => {
    t.true(isLinear(length => redactText(piece.repeat(length / piece.length), [])));
    t.true(redactText(piece.repeat(1_000_000 / piece.length), []).length < 20_000);
  });
}

test('values of variables that are secrets by name never appear, references and names may', t => {
  const env = {
    DEMO__API_KEY__VALUE: 'hidden-value-1',
    GITHUB_TOKEN: 'hidden-value-2',
    DEMO__API_KEY__NAME: 'x-api-key',
    OTHER_KEY: '$' + '{ssm:/path}',
  };
  const record = recordOf(env, 'INFO', 'hidden-value-1 and hidden-value-2 in x-api-key of ${ssm:/path}', {
    list: ['hidden-value-2'],
  });
  t.is(record['message'], '[redacted] and [redacted] in x-api-key of ${ssm:/path}');
  t.deepEqual(record['list'], ['[redacted]']);
});

test('a variable that names the header of a key makes the header secret', t => {
  const { redactHeaders } = readEdgeSettings(
    { DEMO__API_KEY__NAME: 'X-Mine', EDGE_REDACT_HEADERS: 'a, B' },
    'demo',
  );
  t.deepEqual(redactHeaders, ['a', 'b', 'x-mine']);
});

test('a field with the name of a secret is never shown', t => {
  const record = recordOf({}, 'INFO', 'x', {
    cookie: 'a=b',
    nested: { 'x-api-key': 'k', set: { password: ['p'] } },
    tokens: 5,
  });
  t.like(record, {
    cookie: '[redacted]',
    nested: { 'x-api-key': '[redacted]', set: { password: '[redacted]' } },
    tokens: 5,
  });
});
