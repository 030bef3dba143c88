/** What every answer shares: errors, problems, ids, security headers, methods, bodies, CORS, redaction. */
import test from 'ava';
import { routes } from '../../src/routes/index.ts';
import { canary } from '../support/canaries.ts';
import { isLinear } from '../support/regexp-steps.ts';
import { playGitHub } from './helpers/github.ts';
import { key, serve } from './helpers/serve.ts';

const filterPath = '/github-digest/markdown/filter';
const json = { 'content-type': 'application/json' };

const bodies: readonly (readonly [title: string, body: string, status: number, type?: string])[] = [
  ['nothing', '', 422, 'missing'],
  ['half an object', '{"owner":', 422, 'json_invalid'],
  ['a bare word', 'owner', 422, 'json_invalid'],
  ['a list', '[]', 422, 'model_attributes_type'],
  ['null', 'null', 422, 'model_attributes_type'],
  ['a number', '1', 422, 'model_attributes_type'],
  ['10,000 nested lists', '['.repeat(10_000) + ']'.repeat(10_000), 422, 'model_attributes_type'],
  [
    '10,000 nested lists in a field',
    `{"owner":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    422,
    'string_type',
  ],
  [
    '10,000 nested objects in a field',
    `{"owner":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
    422,
    'string_type',
  ],
  ['a huge number', `{"max_tokens":1${'0'.repeat(400)}}`, 422, 'int_parsing_size'],
  ['a fraction', '{"max_tokens":1.5}', 422, 'int_from_float'],
  ['a number below the least', '{"max_tokens":-1}', 422, 'greater_than_equal'],
  ['a number for a text', '{"owner":1}', 422, 'string_type'],
  ['a text for a list', '{"include":"a"}', 422, 'list_type'],
  ['a number in a list', '{"include":[1]}', 422, 'string_type'],
  ['too long a list', JSON.stringify({ include: Array(101).fill('a') }), 422, 'too_long'],
  ['a text for a boolean', '{"hide_file_contents":"maybe"}', 422, 'bool_parsing'],
  ['an unknown format', '{"format":"pdf"}', 422, 'literal_error'],
  ['__proto__', '{"__proto__":{"owner":"x"},"owner":".."}', 422, 'string_pattern_mismatch'],
  ['300 KB', JSON.stringify({ owner: 'a'.repeat(300_000) }), 413],
];

for (const [title, body, status, type] of bodies) {
  test(`E11 a body of ${title}: ${status} ${type ?? ''}`, async t => {
    const service = await serve(t);
    const reply = await service.call('POST', filterPath, { headers: json, body });
    t.is(reply.status, status, reply.text);
    if (type) t.is((reply.json() as { detail: { type: string }[] }).detail[0]?.type, type);
    t.true(reply.text.length < 2000);
    t.is(({} as Record<string, unknown>)['owner'], undefined);
  });
}

test('E11 a body that is no UTF-8 is json_invalid, another content type is 415', async t => {
  const service = await serve(t);
  const bytes = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  const invalid = await service.call('POST', filterPath, { headers: json, body: bytes });
  t.is((invalid.json() as { detail: { type: string }[] }).detail[0]?.type, 'json_invalid');
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', '']) {
    const reply = await service.call('POST', filterPath, { headers: { 'content-type': type }, body: '{}' });
    t.is(reply.status, 415, type);
  }
});

test('all faults are told at once, in the shape of FastAPI', async t => {
  const service = await serve(t);
  const reply = await service.get(
    '/github-stats/folders-by-size?depth=x&order=up&limit=9007199254740993&owner=a/b',
  );
  const { detail } = reply.json() as {
    detail: { type: string; loc: string[]; msg: string; input: unknown }[];
  };
  t.deepEqual(
    detail.map(({ type, loc, input }) => [type, loc.join('.'), input]),
    [
      ['string_pattern_mismatch', 'query.owner', 'a/b'],
      ['int_parsing', 'query.depth', 'x'],
      ['literal_error', 'query.order', 'up'],
      ['int_parsing_size', 'query.limit', '9007199254740993'],
    ],
  );
});

test('a repeated query value counts the last time, as in FastAPI', async t => {
  const service = await serve(t);
  const reply = await service.get('/github-stats/files-by-size?limit=1&limit=x');
  t.is((reply.json() as { detail: { input: string }[] }).detail[0]?.input, 'x');
});

test('the body is taken from memory where the handler put it, and from the stream elsewhere', async t => {
  const { readJsonBody } = await import('../../src/http/body.ts');
  const { IncomingMessage } = await import('node:http');
  const { Socket } = await import('node:net');
  const req = Object.assign(new IncomingMessage(new Socket()), {
    headers: json,
    body: Buffer.from('{"a":1}'),
  });
  t.deepEqual(await readJsonBody(req), { a: 1 });
});

const problems: readonly (readonly [
  title: string,
  method: string,
  path: string,
  withKey: boolean,
  status: number,
])[] = [
  ['the key', 'GET', '/info/version', false, 401],
  ['a path', 'GET', '/nothing', true, 404],
  ['a method', 'DELETE', '/info/version', true, 405],
  ['a parameter', 'GET', '/github-stats/files-by-size?limit=x', true, 422],
];

for (const [title, method, path, withKey, status] of problems) {
  test(`an error about ${title} is an RFC 9457 problem for those who ask`, async t => {
    const service = await serve(t);
    const headers = { accept: 'application/problem+json' };
    const reply = await service.call(method, path, { headers, key: withKey });
    t.is(reply.status, status);
    t.is(reply.headers['content-type'], 'application/problem+json');
    t.like(reply.json() as object, { type: 'about:blank', status });
  });
}

test('E9 an exception in a route is 500 with the request id and nothing of the inside', async t => {
  const dependencies = {
    get artifacts(): never {
      throw new Error('/secret/path s3://bucket');
    },
    load: () => Promise.reject(new Error('nothing is lazy')),
  };
  const service = await serve(t, {}, { dependencies });
  for (const accept of ['*/*', 'application/problem+json']) {
    const reply = await service.get('/info/dependencies', { 'x-request-id': 'my-id-1', accept });
    t.is(reply.status, 500);
    t.like(reply.json() as object, { detail: 'Internal server error', request_id: 'my-id-1' });
    t.false(reply.text.includes('secret'));
  }
  t.regex(service.lines[0] ?? '', /"request_id":"my-id-1".*secret\/path/);
});

test('the request id is the client’s if it is sane', async t => {
  const service = await serve(t);
  const idOf = async (id: string) =>
    (await service.get('/info/health', { 'x-request-id': id })).headers['x-request-id'];
  t.is(await idOf('abc-123'), 'abc-123');
  for (const id of ['a b', 'a"b', '<x>', 'a'.repeat(129), 'é', '{}']) {
    t.regex(String(await idOf(id)), /^[0-9a-f-]{36}$/, id);
  }
});

test('E8 DEBUG adds a header and detail, and no secret', async t => {
  const gitHub = await playGitHub(t);
  const secrets = { GITHUB_TOKEN: canary('token'), IP_DATA__API_KEY: canary('address-key') };
  const service = await serve(t, {
    ...secrets,
    DEBUG: 'true',
    GITHUB_API_URL: gitHub.url,
    IP_DATA_API_URL: 'http://127.0.0.1:1',
  });
  const replies = [
    await service.get('/info/version'),
    await service.get('/github-api/rate-limit'),
    await service.get('/threat-intelligence/ip-address-details'),
    await service.call('GET', `/nothing?api-key=${key}`, { headers: { cookie: `x-api-key=${key}` } }),
    await service.call('GET', '/info/version', {
      key: false,
      headers: { 'x-api-key': canary('wrong') },
    }),
  ];
  for (const reply of replies) t.is(reply.headers['x-debug-mode'], 'true');
  const output =
    service.lines.join('') + replies.map(reply => reply.text + JSON.stringify(reply.headers)).join('');
  for (const secret of [key, ...Object.values(secrets), canary('wrong')])
    t.false(output.includes(secret), secret);
  t.is((await (await serve(t)).get('/info/version')).headers['x-debug-mode'], undefined);
});

test('E13 line feeds in parameters end no header and are not echoed raw', async t => {
  const service = await serve(t);
  for (const path of [
    '/github-api/repository?owner=a%0d%0aX-Evil:%201',
    '/%0d%0aX-Evil:%201',
    '/info/version?%0d%0aX-Evil: 1'.replace(' ', '%20'),
  ]) {
    const reply = await service.get(path);
    t.is(reply.headers['x-evil'], undefined);
    t.false(/[\r\n]/.test(reply.text));
  }
});

test('a page in another spelling of its path is answered with where it lives', async t => {
  const service = await serve(t);
  for (const path of ['/docs/', '//docs', '/digest/', '/docs/assets//docs.js']) {
    const reply = await service.call('GET', path, { key: false });
    t.deepEqual([reply.status, reply.headers.location], [308, path.replace(/\/$/, '').replaceAll('//', '/')]);
  }
});

test('E14 the host header is never used for links', async t => {
  const service = await serve(t);
  for (const path of ['/', '/docs', '/openapi.json', '/auth/set-cookie-form']) {
    const reply = await service.call('GET', path, { headers: { host: 'a@evil.example' } });
    t.false(`${reply.text}${JSON.stringify(reply.headers)}`.includes('evil.example'), path);
  }
});

test('E21 CORS is off by default; configured, it names exactly the origins given', async t => {
  const off = await serve(t);
  const on = await serve(t, { CORS_ALLOWED_ORIGINS: 'https://a.example, *, null, https://b.example/path' });
  const allowed = async (service: typeof off, origin: string) => {
    const { headers } = await service.get('/info/health', { origin });
    return [headers['access-control-allow-origin'], headers['access-control-allow-credentials']];
  };
  t.deepEqual(await allowed(off, 'https://a.example'), [undefined, undefined]);
  t.deepEqual(await allowed(on, 'https://a.example'), ['https://a.example', 'true']);
  for (const origin of ['https://b.example', 'null', '*', 'https://a.example.evil', 'http://a.example']) {
    t.deepEqual(await allowed(on, origin), [undefined, undefined], origin);
  }
  const ask = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
  const preflight = await on.call('OPTIONS', '/info/version', { key: false, headers: ask });
  t.is(preflight.status, 204);
  t.regex(preflight.headers['access-control-allow-headers'] ?? '', /x-api-key/);
});

test('E22 every answer carries the security headers; what needs a key is never stored', async t => {
  const service = await serve(t);
  const expected = {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
  };
  for (const path of [
    '/info/version',
    '/info/health',
    '/docs',
    '/nothing',
    '/openapi.json',
    '/github-stats/files-by-size?limit=x',
  ]) {
    const { headers } = await service.get(path);
    t.like(headers, expected, path);
    t.regex(headers['content-security-policy'] as string, /^default-src 'none'; .*frame-ancestors 'none'$/);
    t.false(/unsafe|\*|http/.test(headers['content-security-policy'] as string));
    t.is(headers['x-powered-by'], undefined);
  }
  t.like((await service.get('/info/version')).headers, { 'cache-control': 'no-store' });
  t.like((await service.get('/github-stats/files-by-size?limit=x')).headers, { 'cache-control': 'no-store' });
});

test('E23 every other method on every route is 405 with exactly its methods', async t => {
  const service = await serve(t);
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'];
  for (const path of new Set(routes.map(route => route.path))) {
    const own = routes.filter(route => route.path === path).map(route => route.method);
    const allow = own.flatMap(method => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    for (const method of methods.filter(method => !allow.includes(method))) {
      const reply = await service.call(method, path);
      t.deepEqual([reply.status, reply.headers.allow], [405, allow.join(', ')], `${method} ${path}`);
    }
  }
});

for (const unit of [
  'a',
  'a.',
  '-',
  'ghp_',
  'eyJ',
  'eyJaaaaaaaaaa.',
  '/',
  '..',
  'AKIA',
  'xoxb-',
  '-----BEGIN A ',
]) {
  test(`E26 every pattern takes steps in proportion to its text: ${unit}`, async t => {
    const { hasFormat } = await import('../../src/schema/formats.ts');
    const { findLeaks } = await import('../../src/digest/leaks.ts');
    const { parseGlob } = await import('../../src/digest/glob.ts');
    for (const format of ['owner', 'repository', 'ref', 'ip', 'cookie-value'] as const) {
      t.true(
        isLinear(length => hasFormat(unit.repeat(length / unit.length), format)),
        format,
      );
      t.false(hasFormat(unit.repeat(100_000 / unit.length), format));
    }
    t.true(
      isLinear(length => findLeaks(unit.repeat(length / unit.length), 100)),
      'leaks',
    );
    // without patterns, and without an end if it took every choice
    t.false(parseGlob('**/x*/'.repeat(30).concat('*a*a*a*a*b'))(unit.repeat(1000).split('/')));
  });
}
