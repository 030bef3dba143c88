/** Services of others: no request for a bad name, no stranger followed, every failure mapped, no secret passed on. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { canary } from '../support/canaries.ts';
import { commit, type Play, playGitHub, sendJson } from './helpers/github.ts';
import { type Reply, serve } from './helpers/serve.ts';
import { archiveOf } from './helpers/tar.ts';

const token = canary('token');
const seed = Number(process.env['FUZZ_SEED'] ?? 20261123);
const files = [{ path: 'a.txt', content: 'hello' }];
const names = '/github-api/repository-files-names?owner=acme&name=sample';

async function listen(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const bad: readonly (readonly [field: string, values: readonly string[]])[] = [
  [
    'owner',
    [
      '..',
      '.',
      'a/b',
      '%2e%2e',
      'a@b',
      'a#b',
      'a?b',
      'a b',
      'ａ',
      'a․b',
      '',
      '-a',
      'a'.repeat(10_000),
      'a\r\nb',
      'a\0',
    ],
  ],
  [
    'name',
    ['..', '.', 'a/b', '%2e', 'a@b', 'a#b', 'a?b', 'a\\b', 'a․b', '', 'a'.repeat(101), 'a\nb', '..%2f'],
  ],
  [
    'ref',
    [
      '..',
      'a..b',
      '/a',
      'a/',
      'a//b',
      '.a',
      'a/.b',
      'a.',
      'a.lock',
      '@',
      'a@{1}',
      'a~1',
      'a^',
      'a:b',
      'a?',
      'a*',
      'a[',
      'a\\b',
      '%2e%2e',
      'a#b',
      'a b',
      '-a',
      '',
      'ａ․․',
      'a\r\nb',
      'r'.repeat(256),
    ],
  ],
];

for (const [field, values] of bad) {
  test(`E15 a bad ${field} is 422 and no request leaves`, async t => {
    const gitHub = await playGitHub(t, archiveOf(files));
    const service = await serve(t, { GITHUB_API_URL: gitHub.url });
    for (const value of values) {
      const query = new URLSearchParams({ owner: 'acme', name: 'sample', ref: 'main', [field]: value });
      const reply = await service.get(`/github-api/repository-files-names?${query}`);
      t.is(reply.status, 422, value);
      t.like((reply.json() as { detail: unknown[] }).detail[0], { loc: ['query', field] });
    }
    t.deepEqual(gitHub.requests, []);
  });
}

test('E15 whatever is sent as owner, name and ref, only addresses below /repos/owner/name are asked for', async t => {
  const gitHub = await playGitHub(t, archiveOf(files));
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  const piece = fc.constantFrom(
    'a',
    'B-1',
    '..',
    '.',
    '/',
    '%2f',
    '%',
    '@',
    '#',
    '?',
    '\\',
    ':',
    '+',
    ' ',
    '․',
    'é',
    '\n',
    '_',
  );
  const text = fc.array(piece, { minLength: 1, maxLength: 5 }).map(parts => parts.join(''));
  const property = fc.asyncProperty(text, text, text, async (owner, name, ref) => {
    const before = gitHub.requests.length;
    const reply = await service.get(
      `/github-api/repository-files-names?${new URLSearchParams({ owner, name, ref })}`,
    );
    const asked = gitHub.requests.slice(before).map(request => request.path);
    if (reply.status === 422) t.deepEqual(asked, []);
    const escaped = encodeURIComponent(ref).replaceAll('%2F', '/');
    for (const path of asked) t.is(path, `/repos/${owner}/${name}/commits/${escaped}`);
  });
  await fc.assert(property, { seed, numRuns: Number(process.env['FUZZ_RUNS'] ?? 150) });
});

for (const ref of ['main', 'feature/x', 'v1.2+build', 'user@topic', 'release/2026.11', 'a=b,c', commit]) {
  test(`the ref ${ref} works`, async t => {
    const gitHub = await playGitHub(t, archiveOf(files));
    const service = await serve(t, { GITHUB_API_URL: gitHub.url });
    const reply = await service.get(`${names}&ref=${encodeURIComponent(ref)}`);
    t.is(reply.text, '["a.txt"]');
    const asked = decodeURIComponent(gitHub.requests[0]?.path ?? '');
    t.is(asked, `/repos/acme/sample/commits/${ref}`);
  });
}

test('the token goes to the API and never to the download host', async t => {
  const gitHub = await playGitHub(t, archiveOf(files));
  const service = await serve(t, { GITHUB_API_URL: gitHub.url, GITHUB_TOKEN: token });
  const reply = await service.get(names);
  t.is(reply.status, 200);
  const sent = gitHub.requests.map(({ path, headers }) => [path.split('/')[1], headers.authorization]);
  t.deepEqual(sent, [
    ['repos', `Bearer ${token}`],
    ['repos', `Bearer ${token}`],
    ['codeload', undefined],
  ]);
});

test('an Enterprise server below a path is asked below that path', async t => {
  const asked: string[] = [];
  const url = await listen(t, (req, res) => {
    asked.push(req.url ?? '');
    sendJson(res, 200, {});
  });
  const service = await serve(t, { GITHUB_API_URL: `${url}/api/v3/` });
  await service.get('/github-api/repository?owner=acme&name=sample');
  t.deepEqual(asked, ['/api/v3/repos/acme/sample']);
});

test('a renamed repository is followed within the API', async t => {
  const gitHub = await playGitHub(t, archiveOf(files));
  gitHub.on('/repos/acme/old', (_req, res, origin) =>
    res.writeHead(301, { location: `${origin}/repositories/7` }).end(),
  );
  const service = await serve(t, { GITHUB_API_URL: gitHub.url, GITHUB_TOKEN: token });
  const reply = await service.get('/github-api/repository?owner=acme&name=old');
  t.deepEqual((reply.json() as { content: unknown }).content, { echo: '/repositories/7' });
});

test('E16 a redirect to any other host is not followed, with or without the token', async t => {
  const strangers: string[] = [];
  const stranger = await listen(t, (req, res) => {
    strangers.push(req.url ?? '');
    res.end(archiveOf(files));
  });
  const targets = [
    stranger,
    stranger.replace('127.0.0.1', 'localhost'),
    'http://169.254.169.254/latest/meta-data/',
    'https://codeload.github.com.evil.example/x',
    'https://api.github.com@127.0.0.1/',
    'file:///etc/passwd',
    '//evil.example/x',
    'http://[',
    '',
  ];
  for (const path of ['tarball', 'commits', 'resource']) {
    for (const location of targets) {
      const gitHub = await playGitHub(t, archiveOf(files));
      const at = { tarball: `tarball/${commit}`, commits: 'commits/main', resource: '' }[path] ?? '';
      gitHub.on(`/repos/acme/sample${at && `/${at}`}`, (_req, res) => res.writeHead(302, { location }).end());
      const service = await serve(t, { GITHUB_API_URL: gitHub.url, GITHUB_TOKEN: token });
      const reply = await service.get(
        path === 'resource' ? '/github-api/repository?owner=acme&name=sample' : names,
      );
      t.is(reply.status, 502, `${path} ${location}: ${reply.text}`);
    }
  }
  t.deepEqual(strangers, []);
});

test('E16 redirects in circles end', async t => {
  const gitHub = await playGitHub(t);
  gitHub.on('/repos/acme/sample', (_req, res, origin) =>
    res.writeHead(302, { location: `${origin}/repos/acme/sample` }).end(),
  );
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  const reply = await service.get('/github-api/repository?owner=acme&name=sample');
  t.is(reply.status, 502);
  t.is(gitHub.requests.length, 4);
});

const reset = String(Math.floor(Date.now() / 1000) + 600);
const failures: readonly (readonly [title: string, play: Play, status: number, detail: RegExp])[] = [
  ['404', (_q, res) => sendJson(res, 404, {}), 404, /no such repository/],
  ['409, an empty repository', (_q, res) => sendJson(res, 409, {}), 404, /no such/],
  ['422, no commit for the ref', (_q, res) => sendJson(res, 422, {}), 404, /no such/],
  ['451, taken down', (_q, res) => sendJson(res, 451, {}), 404, /no such/],
  ['429', (_q, res) => sendJson(res, 429, {}, { 'retry-after': '7' }), 429, /rate limit/],
  [
    '403 with the rate limit used up',
    (_q, res) => sendJson(res, 403, {}, { 'X-RateLimit-Remaining': '0', 'x-ratelimit-reset': reset }),
    429,
    /rate limit/,
  ],
  [
    '403 of the secondary rate limit',
    (_q, res) => sendJson(res, 403, {}, { 'retry-after': '30' }),
    429,
    /rate limit/,
  ],
  [
    '403 of the secondary rate limit, in words alone',
    (_q, res) => sendJson(res, 403, { message: 'You have exceeded a secondary rate limit.' }),
    429,
    /rate limit/,
  ],
  ['403 otherwise', (_q, res) => sendJson(res, 403, {}), 502, /refused/],
  ['401, a bad token', (_q, res) => sendJson(res, 401, { message: token }), 502, /refused/],
  ['500', (_q, res) => sendJson(res, 500, { message: token }), 502, /answered 500/],
  ['503', (_q, res) => sendJson(res, 503, {}), 502, /answered 503/],
  ['no JSON', (_q, res) => res.end('<html>'), 502, /no JSON|no commit id/],
  [
    'an answer cut short',
    (_q, res) => {
      res.writeHead(200, { 'content-length': '100' }).write('{');
      res.destroy();
    },
    502,
    /broke off|no JSON/,
  ],
  ['a reset', (_q, res) => res.destroy(), 502, /broke off/],
  ['silence', () => {}, 504, /in time/],
  ['silence after the first byte', (_q, res) => res.writeHead(200).write('{'), 504, /in time/],
  [
    'an encoding nobody asked for',
    (_q, res) => res.writeHead(200, { 'content-encoding': 'gzip, gzip, gzip' }).end(gzipSync('{}')),
    502,
    /encoding/,
  ],
  [
    'a switch of protocols',
    (_q, res) => res.writeHead(101, { upgrade: 'x', connection: 'upgrade' }).end(),
    502,
    /./,
  ],
];

for (const [title, play, status, detail] of failures) {
  test(`E17 GitHub answers ${title}: ${status}, and the token appears nowhere`, async t => {
    const gitHub = await playGitHub(t);
    gitHub.on('/repos/acme/sample', play);
    gitHub.on('/repos/acme/sample/commits/main', play);
    const limits = { deadline: 300 };
    const service = await serve(t, { GITHUB_API_URL: gitHub.url, GITHUB_TOKEN: token }, {});
    const quick = title.startsWith('silence')
      ? await serveQuick(t, gitHub.url, service.lines as string[], limits)
      : service;
    for (const path of ['/github-api/repository?owner=acme&name=sample', names]) {
      const reply = await quick.get(path);
      t.is(reply.status, status, reply.text);
      t.regex((reply.json() as { detail: string }).detail, detail);
      t.is(reply.headers['retry-after'] !== undefined, status === 429);
      if (title === '429') t.is(reply.headers['retry-after'], '7');
      if (title.startsWith('403 with')) t.true(Math.abs(Number(reply.headers['retry-after']) - 600) < 60);
      t.false(`${reply.text}${JSON.stringify(reply.headers)}${service.lines.join('')}`.includes(token));
    }
  });
}

function serveQuick(t: ExecutionContext, url: string, lines: string[], limits: { deadline: number }) {
  return serve(
    t,
    { GITHUB_API_URL: url, GITHUB_TOKEN: token },
    { limits, write: line => void lines.push(line) },
  );
}

test('E17 nobody listens: 502 that says so', async t => {
  const service = await serve(t, { GITHUB_API_URL: 'http://127.0.0.1:1' });
  const reply = await service.get('/github-api/rate-limit');
  t.deepEqual([reply.status, reply.text], [502, '{"detail":"GitHub cannot be reached (ECONNREFUSED)"}']);
});

test('E19 an archive with a content encoding is refused', async t => {
  const gitHub = await playGitHub(t);
  gitHub.on(`/codeload/acme/sample/legacy.tar.gz/${commit}`, (_req, res) =>
    res.writeHead(200, { 'content-encoding': 'gzip, br' }).end(archiveOf(files)),
  );
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  t.is((await service.get(names)).status, 502);
});

const addressKey = canary('address-key');
const addresses: readonly (readonly [given: string, asked: string | undefined])[] = [
  ['8.8.8.8', '/8.8.8.8'],
  ['2001:4860:4860::8888', '/2001%3A4860%3A4860%3A%3A8888'],
  ['::ffff:1.2.3.4', '/%3A%3Affff%3A1.2.3.4'],
  ['1.2.3', undefined],
  ['999.1.1.1', undefined],
  ['fe80::1%eth0', undefined],
  ['../me', undefined],
  ['8.8.8.8?x=1', undefined],
  ['8.8.8.8/asn', undefined],
  ['', undefined],
  ['localhost', undefined],
];

for (const [given, asked] of addresses) {
  test(`details of the address ${JSON.stringify(given)}: ${asked ? 'asked for' : 'no request leaves'}`, async t => {
    const requests: string[] = [];
    const url = await listen(t, (req, res) => {
      requests.push(req.url ?? '');
      sendJson(res, 200, { ip: given });
    });
    const service = await serve(t, { IP_DATA_API_URL: url, IP_DATA__API_KEY: addressKey });
    const query = new URLSearchParams({ ip_address: given });
    const reply = await service.get(`/threat-intelligence/ip-address-details?${query}`);
    t.is(reply.status, asked ? 200 : 422);
    t.deepEqual(requests, asked ? [`${asked}?api-key=${addressKey}`] : []);
    t.false(reply.text.includes(addressKey));
    if (asked) t.deepEqual(Object.keys(reply.json() as object), ['headers', 'content', 'duration']);
  });
}

const ipDataFailures: readonly (readonly [upstream: number, status: number])[] = [
  [400, 404],
  [401, 502],
  [403, 502],
  [429, 429],
  [500, 502],
];

for (const [upstream, status] of ipDataFailures) {
  test(`ipdata answers ${upstream}: ${status}, and the key appears nowhere`, async t => {
    const url = await listen(t, (_req, res) => sendJson(res, upstream, { message: addressKey }));
    const service = await serve(t, { IP_DATA_API_URL: url, IP_DATA__API_KEY: addressKey, DEBUG: 'true' });
    const reply = await service.get('/threat-intelligence/ip-address-details');
    t.is(reply.status, status);
    t.false(`${reply.text}${service.lines.join('')}`.includes(addressKey));
  });
}

test('without a key for ipdata the answer says what is missing', async t => {
  const service = await serve(t);
  const reply = await service.get('/threat-intelligence/ip-address-details');
  t.is(reply.status, 502);
  t.regex(reply.text, /IP_DATA__API_KEY is not set/);
});

test('the address is told by one source, and by four in parallel of which one may fail', async t => {
  const good = await listen(t, (_req, res) =>
    res.writeHead(200, { 'Content-Type': 'text/plain' }).end('203.0.113.7\n'),
  );
  const broken = await listen(t, (_req, res) => res.writeHead(500).end());
  const service = await serve(t, {
    CHECK_IP_URL: good,
    IF_CONFIG_URL: broken,
    IP_IFY_URL: good,
    IP_INFO_URL: good,
  });
  const one = (await service.get('/info/ip-address')).json();
  t.like(one, { ip_address: '203.0.113.7', source: 'checkip.amazonaws.com' });
  const four = (await service.get('/info/ip-address-multiple-sources')).json() as Record<
    string,
    Record<string, unknown>
  >;
  t.deepEqual(Object.keys(four), ['check_ip__amazon_aws', 'if_config', 'ip_ify', 'ip_info']);
  t.is(four['ip_info']?.['text'], '203.0.113.7');
  t.like(four['if_config'], { text: '', error: '127.0.0.1 answered 500' });
});

test('what an upstream says of its own connection and of our token stays here', async t => {
  const gitHub = await playGitHub(t);
  const headers = {
    'set-cookie': 'a=b',
    'x-oauth-scopes': 'repo',
    'github-authentication-token-expiration': 'soon',
  };
  gitHub.on('/rate_limit', (_req, res) => sendJson(res, 200, {}, headers));
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  const reply: Reply = await service.get('/github-api/rate-limit');
  const shown = Object.keys((reply.json() as { headers: object }).headers).map(name => name.toLowerCase());
  for (const name of [...Object.keys(headers), 'connection', 'transfer-encoding'])
    t.false(shown.includes(name), name);
});

test('E20 a flood on routes that go upstream is 429 with Retry-After; others are not limited', async t => {
  const gitHub = await playGitHub(t);
  const service = await serve(t, { GITHUB_API_URL: gitHub.url, RATE_LIMIT_PER_SECOND: '2' });
  const statuses: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    const reply = await service.get('/github-api/rate-limit');
    statuses.push(reply.status);
    if (reply.status === 429) t.regex(reply.headers['retry-after'] ?? '', /^[1-9]$/);
  }
  t.deepEqual(statuses.slice(0, 10), Array(10).fill(200));
  t.true(statuses.includes(429));
  t.is((await service.get('/info/version')).status, 200);
});
