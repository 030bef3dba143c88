/** Authentication to the letter of the contract: keys, order of header and cookie, closed server, spelling of paths. */
import test from 'ava';
import fc from 'fast-check';
import { routes } from '../../src/routes/index.ts';
import { canary } from '../support/canaries.ts';
import { key, serve } from './helpers/serve.ts';

const missing = 'Client API key is missing, you need to set it on a header or cookie';
const invalid = 'Invalid API key value';
const refusal = (message: string) => ({ data: null, error: null, message, status: 'error' });
const seed = Number(process.env['FUZZ_SEED'] ?? 20261123);

const refused: readonly (readonly [
  title: string,
  headers: Record<string, string | string[]>,
  message: string,
])[] = [
  ['nothing sent', {}, missing],
  ['an empty header', { 'x-api-key': '' }, missing],
  ['an empty cookie', { cookie: 'x-api-key=' }, missing],
  ['another cookie', { cookie: `other=${key}` }, missing],
  ['a wrong header', { 'x-api-key': 'wrong' }, invalid],
  ['a key with one letter less', { 'x-api-key': key.slice(0, -1) }, invalid],
  ['a key with one letter more', { 'x-api-key': `${key}x` }, invalid],
  ['a key in other case', { 'x-api-key': key.toUpperCase() }, invalid],
  ['a header of 8,000 characters', { 'x-api-key': 'k'.repeat(8000) }, invalid],
  ['the right key twice', { 'x-api-key': [key, key] }, invalid],
  ['a list as JSON', { 'x-api-key': `["${key}"]` }, invalid],
  ['a wrong cookie', { cookie: 'x-api-key=wrong' }, invalid],
  ['a wrong header and a right cookie', { 'x-api-key': 'wrong', cookie: `x-api-key=${key}` }, invalid],
  ['the key as a bearer token', { authorization: `Bearer ${key}` }, missing],
];

for (const [title, headers, message] of refused) {
  test(`E1 ${title}: 401`, async t => {
    const service = await serve(t);
    const reply = await service.call('GET', '/info/version', { key: false, headers });
    t.is(reply.status, 401);
    t.deepEqual(reply.json(), refusal(message));
    t.is(reply.headers['content-type'], 'application/json');
  });
}

test('E1 any text but the key is refused, and is not echoed', async t => {
  const service = await serve(t);
  const text = fc.stringMatching(/^[!-~]{1,60}$/).filter(value => value !== key && value.length > 6);
  const property = fc.asyncProperty(text, async value => {
    const reply = await service.call('GET', '/info/version', { key: false, headers: { 'x-api-key': value } });
    t.is(reply.status, 401);
    t.false(reply.text.includes(value));
  });
  await fc.assert(property, { seed, numRuns: Number(process.env['FUZZ_RUNS'] ?? 100) });
});

test('E2 keys are compared as digests, in constant time, and never by ===', async t => {
  const { readFile } = await import('node:fs/promises');
  const source = await readFile(new URL('../../src/auth/keys.ts', import.meta.url), 'utf8');
  t.regex(source, /timingSafeEqual\(sent, current\)/);
  t.notRegex(source, /(sent|presented)\s*(===|!==|==)/);
});

test('E3 two keys are valid while they are rotated, and only one when the previous is removed', async t => {
  const both = await serve(t, { FAST_API__AUTH__API_KEY__VALUE__PREVIOUS: canary('previous-key') });
  const one = await serve(t);
  const headers = { 'x-api-key': canary('previous-key') };
  t.is((await both.get('/info/version')).status, 200);
  t.is((await both.call('GET', '/info/version', { headers })).status, 200);
  t.is((await one.call('GET', '/info/version', { headers })).status, 401);
});

const unconfigured: readonly (readonly [title: string, environment: NodeJS.ProcessEnv])[] = [
  ['no name', { FAST_API__AUTH__API_KEY__NAME: undefined }],
  ['an empty name', { FAST_API__AUTH__API_KEY__NAME: '' }],
  ['a name that is no header name', { FAST_API__AUTH__API_KEY__NAME: 'x api key' }],
  ['no value', { FAST_API__AUTH__API_KEY__VALUE: undefined }],
  ['an empty value', { FAST_API__AUTH__API_KEY__VALUE: '' }],
  ['a blank value', { FAST_API__AUTH__API_KEY__VALUE: '  ' }],
  [
    'only a previous value',
    { FAST_API__AUTH__API_KEY__VALUE: '', FAST_API__AUTH__API_KEY__VALUE__PREVIOUS: key },
  ],
  ['half a reference', { FAST_API__AUTH__API_KEY__VALUE: '${ssm:/a' }],
];

for (const [title, environment] of unconfigured) {
  test(`E4 with ${title} the server is closed and the reason is in the log only`, async t => {
    const service = await serve(t, environment);
    const literal = environment['FAST_API__AUTH__API_KEY__VALUE'] ?? 'x';
    for (const headers of [{}, { 'x-api-key': key }, { 'x-api-key': literal }]) {
      for (const path of ['/info/version', '/nothing']) {
        const reply = await service.call('GET', path, { key: false, headers });
        t.deepEqual([reply.status, reply.text], [503, '{"detail":"Service Unavailable"}']);
      }
    }
    t.is((await service.call('GET', '/info/health', { key: false })).status, 200);
    t.regex(service.lines.join(''), /FAST_API__AUTH__API_KEY__(NAME|VALUE) is unset/);
  });
}

test('E5 the cookie counts when the header is missing or empty; the cookie that is set is HttpOnly, Strict and Secure', async t => {
  const service = await serve(t);
  const cookie = `a=b; x-api-key=${key}`;
  t.is((await service.call('GET', '/info/version', { key: false, headers: { cookie } })).status, 200);
  const empty = { cookie, 'x-api-key': '' };
  t.is((await service.call('GET', '/info/version', { key: false, headers: empty })).status, 200);
});

const cookieHosts: readonly (readonly [title: string, headers: Record<string, string>, secure: boolean])[] = [
  ['plain localhost', { host: 'localhost:3000' }, false],
  ['plain 127.0.0.1', { host: '127.0.0.1:3000' }, false],
  ['a public host', { host: 'api.example.com' }, true],
  ['localhost behind TLS', { host: 'localhost', 'x-forwarded-proto': 'https' }, true],
  ['a host that begins with localhost', { host: 'localhost.evil.example' }, true],
];

for (const [title, headers, secure] of cookieHosts) {
  test(`E5 the cookie set on ${title} is ${secure ? '' : 'not '}Secure and its value is not echoed`, async t => {
    const service = await serve(t);
    const body = '{"cookie_value":"a-secret-value"}';
    const all = { 'content-type': 'application/json', ...headers };
    const reply = await service.call('POST', '/auth/set-auth-cookie', { key: false, headers: all, body });
    t.deepEqual(reply.json(), { message: 'Cookie set successfully', cookie_name: 'x-api-key' });
    const flags = `x-api-key=a-secret-value; HttpOnly; Path=/; SameSite=Strict${secure ? '; Secure' : ''}`;
    t.deepEqual(reply.headers['set-cookie'], [flags]);
  });
}

for (const value of ['a;b', 'a b', 'a\r\nX-Evil: 1', 'ü', '', 'a,b', '"', 'x'.repeat(2000)]) {
  test(`E13 a cookie value of ${JSON.stringify(value.slice(0, 12))} is refused and not echoed`, async t => {
    const service = await serve(t);
    const options = {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cookie_value: value }),
    };
    const reply = await service.call('POST', '/auth/set-auth-cookie', options);
    t.is(reply.status, 422);
    t.like((reply.json() as { detail: unknown[] }).detail[0], {
      loc: ['body', 'cookie_value'],
      input: '**********',
    });
    t.is(reply.headers['set-cookie'], undefined);
  });
}

test('the cookie form needs no key and never shows the current value', async t => {
  const service = await serve(t);
  const reply = await service.call('GET', '/auth/set-cookie-form', {
    headers: { cookie: `x-api-key=${key}` },
  });
  t.is(reply.status, 200);
  t.false(reply.text.includes(key));
});

const spellings: readonly ((path: string) => string)[] = [
  path => `/${path}`,
  path => `${path}/`,
  path => `${path}//`,
  path => path.replaceAll('/', '//'),
  path => path.toUpperCase(),
  path => path.replace(/\/([^/]*)$/, '%2f$1'),
  path => path.replace(/\/([^/]*)$/, '%2F$1'),
  path => `${path};x=1`,
  path => `/info/health/..${path}`,
  path => `/info/health;${path}`,
  path => `/info/health%2f..${path}`,
  path => `/docs/..${path}`,
  path => `/.${path}`,
  path => `${path}.json`,
  path => `${path}?public=/info/health`,
  path => `${path}%00`,
  path => `${path}%20`,
  path => `${path}%23/info/health`,
  path => `\\${path}`,
  path => `http://localhost/info/health@${path}`,
  path => `http://localhost${path}`,
  path => path.replace(/[a-z]/, letter => `%${letter.charCodeAt(0).toString(16)}`),
];

test('E6 no spelling of a protected path and no method gets by without the key', async t => {
  const service = await serve(t);
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'];
  const override = {
    'x-http-method-override': 'OPTIONS',
    'x-original-url': '/info/health',
    'x-rewrite-url': '/docs',
  };
  for (const route of routes.filter(route => !route.public)) {
    for (const method of methods) {
      const reply = await service.call(method, route.path, { key: false, headers: override });
      t.is(reply.status, 401, `${method} ${route.path}`);
    }
    for (const spell of spellings) {
      const path = spell(route.path);
      const reply = await service.call('GET', path.startsWith('\\') ? `/${path}` : path, { key: false });
      t.is(reply.status, 401, path);
    }
  }
});

test('E6 a public path stays public in its other spellings, and its neighbours stay closed', async t => {
  const service = await serve(t);
  for (const path of ['//info/health', '/info/health/', '/info//health', '/info/health?x=1']) {
    t.is((await service.call('GET', path, { key: false })).status, 200, path);
  }
  for (const path of [
    '/INFO/HEALTH',
    '/info%2fhealth',
    '/info/health;x',
    '/info/health/x',
    '/info/%68ealth',
    '/info/healthx',
  ]) {
    t.is((await service.call('GET', path, { key: false })).status, 401, path);
  }
});

test('E6 a preflight passes without a key and grants nothing; OPTIONS alone does not pass', async t => {
  const service = await serve(t);
  const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
  const preflight = await service.call('OPTIONS', '/info/version', { key: false, headers });
  t.deepEqual([preflight.status, preflight.text], [204, '']);
  t.false(Object.keys(preflight.headers).some(name => name.startsWith('access-control')));
  t.is((await service.call('OPTIONS', '/info/version', { key: false })).status, 401);
  t.is(
    (await service.call('OPTIONS', '/info/version', { key: false, headers: { origin: 'https://a.example' } }))
      .status,
    401,
  );
});
