/** Answers of the original service, read as data: shapes, tables and trees are to match, its faults are not. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { playGitHub, sendJson } from './helpers/github.ts';
import { serve } from './helpers/serve.ts';
import { archiveOf } from './helpers/tar.ts';

const folder = new URL('../../../shared/fixtures/original/', import.meta.url);
type Answers = Record<string, { statusCode: number; body: string; headers: Record<string, string> }>;

async function readFixtures(): Promise<{ answers: Answers; files: Record<string, string> } | undefined> {
  try {
    const [answers, files] = await Promise.all(
      ['answers.json', 'repository.json'].map(name => readFile(new URL(name, folder), 'utf8')),
    );
    return { answers: JSON.parse(answers ?? ''), files: JSON.parse(files ?? '') };
  } catch {
    return undefined;
  }
}

const fixtures = await readFixtures();
const query = 'owner=acme&name=sample&ref=main';

/** The original mangles characters in names; ours are the repository's. */
const realName = (text: string) => text.replaceAll('_weird _name_ _1_', '@weird (name) [1]');

const same: readonly (readonly [name: string, path: string])[] = [
  ['gh-repository-files-names', `/github-api/repository-files-names?${query}`],
  ['gh-ref-branch-slash', '/github-api/repository-files-names?owner=acme&name=sample&ref=feature/x'],
  [
    'gh-text-filter',
    `/github-api/repository-text-files?${query}&filter_contains=type_safe&filter_ends_with=.py`,
  ],
  ['stats-repo-stats', `/github-stats/repo-stats?${query}`],
  ['stats-files-by-size', `/github-stats/files-by-size?${query}`],
  ['stats-files-by-size_view_table', `/github-stats/files-by-size/view/table?${query}`],
  ['stats-folders-by-size', `/github-stats/folders-by-size?${query}`],
  ['stats-folders-by-size_view_table', `/github-stats/folders-by-size/view/table?${query}`],
  ['stats-folders-by-size_view_tree', `/github-stats/folders-by-size/view/tree?${query}`],
  ['stats-extension-breakdown', `/github-stats/extension-breakdown?${query}`],
  ['stats-extension-breakdown_view_table', `/github-stats/extension-breakdown/view/table?${query}`],
  ['stats-folder-tree', `/github-stats/folder-tree?${query}`],
  ['stats-folders-depth0', `/github-stats/folders-by-size?${query}&depth=0`],
  ['stats-ext-count', `/github-stats/extension-breakdown/view/table?${query}&order=count`],
];

for (const [name, path] of same) {
  test(`the answer to ${name} is the original's`, async t => {
    if (fixtures === undefined) {
      t.log('SKIPPED: ../shared/fixtures/original is absent');
      t.pass();
      return;
    }
    const files = Object.entries(fixtures.files).map(([file, text]) => ({
      path: file,
      content: Buffer.from(text, 'base64'),
    }));
    const gitHub = await playGitHub(t, archiveOf(files));
    const service = await serve(t, { GITHUB_API_URL: gitHub.url });
    const reply = await service.get(path);
    const expected = fixtures.answers[name];
    t.is(reply.status, 200, reply.text);
    t.is(reply.headers['content-type'], expected?.headers['content-type']);
    const body = realName(expected?.body ?? '');
    if (reply.headers['content-type'] === 'application/json') {
      const sorted = (value: unknown) =>
        Array.isArray(value) && typeof value[0] === 'string' ? value.toSorted() : value;
      t.deepEqual(sorted(reply.json()), sorted(JSON.parse(body)));
    } else t.is(reply.text, body);
  });
}

const resources: readonly (readonly [name: string, path: string, upstream: string])[] = [
  ['gh-apis-available', '/github-api/apis-available', '/'],
  ['gh-rate-limit', '/github-api/rate-limit', '/rate_limit'],
  ['gh-repository', '/github-api/repository?owner=acme&name=sample', '/repos/acme/sample'],
  [
    'gh-repository-commits',
    '/github-api/repository-commits?owner=acme&name=sample',
    '/repos/acme/sample/commits',
  ],
  [
    'gh-repository-issues',
    '/github-api/repository-issues?owner=acme&name=sample',
    '/repos/acme/sample/issues',
  ],
];

for (const [name, path, upstream] of resources) {
  test(`the answer to ${name} has the original's shape and asks the same of GitHub`, async t => {
    const gitHub = await playGitHub(t);
    gitHub.on(upstream, (_req, res) => sendJson(res, 200, { echo: upstream }));
    const service = await serve(t, { GITHUB_API_URL: gitHub.url });
    const reply = await service.get(path);
    const body = reply.json() as { headers: Record<string, string>; content: unknown; duration: number };
    t.deepEqual(Object.keys(body), ['headers', 'content', 'duration']);
    t.deepEqual(body.content, { echo: upstream });
    t.is(body.headers['X-RateLimit-Remaining'], '59');
    t.is(body.duration, Math.round(body.duration * 1000) / 1000);
    t.deepEqual(
      gitHub.requests.map(request => request.path),
      [upstream],
    );
  });
}

test('a page of commits is asked for by number and size', async t => {
  const gitHub = await playGitHub(t);
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  await service.get('/github-api/repository-commits?owner=acme&name=other&page=3&per_page=100');
  t.deepEqual(
    gitHub.requests.map(request => request.path),
    ['/repos/acme/other/commits?page=3&per_page=100'],
  );
});

test('a missing repository is 404, where the original answered 200', async t => {
  const gitHub = await playGitHub(t);
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  for (const path of [
    '/github-stats/repo-stats',
    '/github-api/repository-text-files',
    '/github-digest/markdown',
  ]) {
    const reply = await service.get(`${path}?owner=acme&name=missing`);
    t.is(reply.status, 404, path);
    t.regex((reply.json() as { detail: string }).detail, /no such repository/);
  }
});

test('a limit that is no number is 422 in the shape of FastAPI', async t => {
  const service = await serve(t);
  const reply = await service.get('/github-stats/files-by-size?limit=abc');
  t.is(reply.status, 422);
  t.deepEqual(reply.json(), {
    detail: [
      {
        type: 'int_parsing',
        loc: ['query', 'limit'],
        msg: 'Input should be a valid integer, unable to parse string as an integer',
        input: 'abc',
      },
    ],
  });
});
