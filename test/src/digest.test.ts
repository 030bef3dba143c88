/** The digest over the wire: deterministic, pinned to a commit, filtered, within budget, unbreakable. */
import test, { type ExecutionContext } from 'ava';
import { commit, playGitHub } from './helpers/github.ts';
import { type Served, serve } from './helpers/serve.ts';
import { archiveOf, type TarFile } from './helpers/tar.ts';

const files: readonly TarFile[] = [
  { path: 'README.md', content: '# Title\n\n```js\nlet a;\n```\n' },
  { path: 'src/app.ts', content: 'export const a = 1;\n' },
  { path: 'src/deep/b.py', content: 'x = 1\n' },
  { path: 'src/deep/c.test.py', content: 'y = 2\n' },
  { path: 'docs/ü name.md', content: 'ünïcode\n' },
  { path: 'logo.png', content: Buffer.from([0x89, 0x50, 0, 1]) },
  { path: 'latin.txt', content: Buffer.from([0x66, 0xfc, 0x72]) },
  { path: 'link', type: '2', link: '/etc/passwd' },
  { path: 'big.txt', content: 'z'.repeat(5000) },
];

interface DigestJson {
  repository: { commit: string };
  totals: Record<string, number>;
  filters: Record<string, unknown>;
  files: { path: string; size: number; tokens: number; content?: string }[];
  skipped: { path: string; reason: string }[];
  warnings: { path: string; line: number; kind: string }[];
}

async function start(t: ExecutionContext, given: readonly TarFile[] = files) {
  const gitHub = await playGitHub(t, archiveOf(given));
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  return { gitHub, service };
}

async function filter(service: Served, body: Record<string, unknown>, headers: Record<string, string> = {}) {
  const all = { owner: 'acme', name: 'sample', filter_starts_with: '', ...body };
  const sent = { 'content-type': 'application/json', ...headers };
  return service.call('POST', '/github-digest/markdown/filter', { headers: sent, body: JSON.stringify(all) });
}

async function pathsOf(service: Served, body: Record<string, unknown>): Promise<string[]> {
  const reply = await filter(service, { ...body, format: 'json' });
  return (reply.json() as DigestJson).files.map(file => file.path);
}

test('Markdown: head, tree, files in fences longer than any run inside, skipped files with their reasons', async t => {
  const { service } = await start(t);
  const reply = await service.get('/github-digest/markdown?owner=acme&name=sample&filter_starts_with=');
  t.is(reply.status, 200);
  t.is(reply.headers['content-type'], 'text/markdown; charset=utf-8');
  t.true(reply.text.startsWith('# acme/sample\n'));
  t.true(reply.text.includes(`- Commit: \`${commit}\``));
  t.true(reply.text.includes('- Files: 6 of 9'));
  t.true(reply.text.includes('├── src/\n│   ├── deep/\n│   │   ├── b.py (6 B, 2 tokens)'));
  t.true(reply.text.includes('### `README.md`\n\n````markdown\n# Title\n\n```js\nlet a;\n```\n````\n'));
  t.true(reply.text.includes('### `src/deep/b.py`\n\n```python\nx = 1\n```\n'));
  t.true(reply.text.includes('not UTF-8: latin.txt\nlink: link\nbinary: logo.png'));
  t.false(reply.text.includes('/etc/passwd'));
});

test('the same commit and request give the same bytes, and one archive serves many requests', async t => {
  const { service, gitHub } = await start(t);
  const first = await filter(service, {});
  const second = await filter(service, {});
  t.is(first.text, second.text);
  t.is(first.headers.etag, second.headers.etag);
  await filter(service, { filter_ends_with: '.py' });
  await service.get('/github-stats/repo-stats?owner=acme&name=sample');
  t.is(gitHub.requests.filter(request => request.path.includes('/tarball/')).length, 1);
  t.is(gitHub.requests.filter(request => request.path.includes('/commits/')).length, 4);
});

test('an ETag that is known is answered 304 without fetching an archive', async t => {
  const { service } = await start(t);
  const { headers } = await filter(service, {});
  const gitHub = await playGitHub(t);
  const fresh = await serve(t, { GITHUB_API_URL: gitHub.url });
  const etag = String(headers.etag);
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const reply = await filter(fresh, {}, { 'if-none-match': known });
    t.deepEqual([reply.status, reply.text, reply.headers.etag], [304, '', etag], known);
  }
  t.false(gitHub.requests.some(request => request.path.includes('/tarball/')));
});

test('the ETag changes with the commit, the filters and the format', async t => {
  const { service, gitHub } = await start(t);
  const etags = [(await filter(service, {})).headers.etag];
  etags.push((await filter(service, { filter_ends_with: '.py' })).headers.etag);
  etags.push((await filter(service, { format: 'xml' })).headers.etag);
  const other = 'f'.repeat(40);
  gitHub.on('/repos/acme/sample/commits/main', (_req, res) => void res.end(other));
  gitHub.on(`/repos/acme/sample/tarball/${other}`, (_req, res, origin) => {
    res.writeHead(302, { location: `${origin}/codeload/x` }).end();
  });
  etags.push((await filter(service, {})).headers.etag);
  t.is(new Set(etags).size, 4);
});

const all = ['README.md', 'big.txt', 'docs/ü name.md', 'src/app.ts', 'src/deep/b.py', 'src/deep/c.test.py'];
const filters: readonly (readonly [
  title: string,
  body: Record<string, unknown>,
  paths: readonly string[],
])[] = [
  ['nothing', {}, all],
  [
    'empty texts in lists',
    { filter_exclude_paths: [''], filter_starts_with_any: [''], include: [''], exclude: [''] },
    all,
  ],
  ['a start', { filter_starts_with: 'src/' }, ['src/app.ts', 'src/deep/b.py', 'src/deep/c.test.py']],
  [
    'all of three',
    { filter_starts_with: 'src', filter_contains: 'deep', filter_ends_with: 'b.py' },
    ['src/deep/b.py'],
  ],
  ['any start', { filter_starts_with_any: ['docs', 'README'] }, ['README.md', 'docs/ü name.md']],
  [
    'a start and any start',
    { filter_starts_with: 'src', filter_starts_with_any: ['docs', 'src/app'] },
    ['src/app.ts'],
  ],
  [
    'excluded parts',
    { filter_exclude_paths: ['.test.', 'big'] },
    ['README.md', 'docs/ü name.md', 'src/app.ts', 'src/deep/b.py'],
  ],
  ['excluded starts', { filter_exclude_prefixes: ['src', 'docs', 'big'] }, ['README.md']],
  ['excluded ends', { filter_exclude_suffixes: ['.py', '.md', '.txt'] }, ['src/app.ts']],
  [
    'exclusion over inclusion',
    { filter_starts_with: 'src', filter_exclude_prefixes: ['src/deep'] },
    ['src/app.ts'],
  ],
  ['an include glob', { include: ['**/*.py'] }, ['src/deep/b.py', 'src/deep/c.test.py']],
  ['an exclude glob by name', { exclude: ['deep', '*.md', '*.txt'] }, ['src/app.ts']],
  ['a rooted glob', { include: ['/src'] }, ['src/app.ts', 'src/deep/b.py', 'src/deep/c.test.py']],
  ['a size', { max_file_size_bytes: 10, filter_starts_with: 'src' }, ['src/deep/b.py', 'src/deep/c.test.py']],
];

for (const [title, body, paths] of filters) {
  test(`filter by ${title}`, async t => {
    const { service } = await start(t);
    t.deepEqual(await pathsOf(service, body), [...paths]);
  });
}

test('a text is cut off after max_content_length characters, where truncate_patterns says so', async t => {
  const { service } = await start(t);
  const contents = async (body: Record<string, unknown>) => {
    const reply = (await filter(service, { ...body, format: 'json' })).json() as DigestJson;
    return Object.fromEntries(reply.files.map(file => [file.path, file.content]));
  };
  const everywhere = await contents({ max_content_length: 4 });
  t.is(everywhere['big.txt'], 'zzzz\n… cut off after 4 of 5000 characters\n');
  t.is(everywhere['src/deep/b.py'], 'x = \n… cut off after 4 of 6 characters\n');
  const some = await contents({ max_content_length: 4, truncate_patterns: ['*.txt'] });
  t.is(some['src/deep/b.py'], 'x = 1\n');
  t.regex(some['big.txt'] ?? '', /cut off/);
});

test('the POST route filters nothing unless told to; the GET route has the original’s default', async t => {
  const { service } = await start(t);
  const body = JSON.stringify({ owner: 'acme', name: 'sample', format: 'json' });
  const headers = { 'content-type': 'application/json' };
  const reply = await service.call('POST', '/github-digest/markdown/filter', { headers, body });
  t.is((reply.json() as DigestJson).files.length, 6);
  const get = await service.get('/github-digest/repo-files-in-markdown?owner=acme&name=sample&format=json');
  t.like(get.json() as DigestJson, { files: [], filters: { filter_starts_with: 'osbot_utils' } });
});

test('hidden contents leave head and tree', async t => {
  const { service } = await start(t);
  const reply = await filter(service, { hide_file_contents: true });
  t.true(reply.text.includes('b.py (6 B, 2 tokens)'));
  t.false(reply.text.includes('x = 1'));
  const json = (await filter(service, { hide_file_contents: true, format: 'json' })).json() as DigestJson;
  t.deepEqual(json.files[0], { path: 'README.md', size: 26, tokens: 7 });
});

for (const format of ['markdown', 'xml', 'json', 'text']) {
  for (const budget of [60, 300, 600, 2000]) {
    test(`${format} with a budget of ${budget} tokens says what it leaves out and keeps within it`, async t => {
      const { service } = await start(t);
      const reply = await filter(service, { format, max_tokens: budget });
      const whole = await filter(service, { format });
      const empty = await filter(service, { format, max_tokens: 10 });
      t.is(reply.status, 200);
      if (reply.text.length < whole.text.length) t.regex(reply.text, /over budget/);
      // Nothing is shorter than the head that leaves everything out.
      t.true(reply.text.length <= Math.max(budget * 4, empty.text.length), `${reply.text.length}`);
      if (budget === 2000) t.regex(reply.text, /zzzz/);
    });
  }
}

const accepts: readonly (readonly [accept: string, type: string])[] = [
  ['*/*', 'text/markdown; charset=utf-8'],
  ['application/json', 'application/json'],
  ['application/xml;q=0.5, text/plain;q=0.9', 'text/plain; charset=utf-8'],
  ['text/html', 'text/markdown; charset=utf-8'],
  ['text/xml', 'application/xml; charset=utf-8'],
  ['application/json;q=0', 'text/markdown; charset=utf-8'],
  [';;;,,q=', 'text/markdown; charset=utf-8'],
];

for (const [accept, type] of accepts) {
  test(`Accept: ${accept} gives ${type}`, async t => {
    const { service } = await start(t);
    const reply = await filter(service, {}, { accept });
    t.is(reply.headers['content-type'], type);
    t.is(reply.headers.vary, 'Accept');
  });
}

test('contents and names cannot break out of their place in any format', async t => {
  const evil = '```\n# out\n````\n</file></files><x>]]>&\u0001\n"},{"path":"fake"\n===== END =====\n`````';
  const name = 'a`b"<i>&\n# out \u202e.md';
  const { service } = await start(t, [{ path: name, content: evil }]);
  const markdown = (await filter(service, {})).text;
  t.true(markdown.includes(`\`\`\`\`\`\`markdown\n${evil}\n\`\`\`\`\`\`\n`));
  t.false(/^# out \u202e/m.test(markdown));
  t.true(markdown.includes('`` a`b"<i>&\\u{a}# out \\u{202e}.md ``'));
  const xml = (await filter(service, { format: 'xml' })).text;
  t.true(xml.includes('&lt;/file&gt;&lt;/files&gt;&lt;x&gt;]]&gt;&amp;\ufffd'));
  t.true(xml.includes('path="a`b&quot;&lt;i&gt;&amp;&#10;# out'));
  t.is(xml.match(/<\/files>/g)?.length, 1);
  const json = (await filter(service, { format: 'json' })).json() as DigestJson;
  t.deepEqual(
    json.files.map(file => [file.path, file.content]),
    [[name, evil]],
  );
  const text = (await filter(service, { format: 'text' })).text;
  t.deepEqual(
    text.split('\n').filter(line => line.startsWith(`===== ${commit}`)),
    [`===== ${commit} a\`b"<i>&\\u{a}# out \\u{202e}.md =====`, `===== ${commit} END =====`],
  );
});

test('texts that look like secrets are warned of by place and kind; the warning does not repeat them', async t => {
  // Put together here, so that no scanner of this repository takes them for real.
  const token = ['ghp', 'a1B2'.repeat(9)].join('_');
  const { service } = await start(t, [{ path: 'config.py', content: `one\ntwo\nkey = "${token}"\n` }]);
  const json = (await filter(service, { format: 'json', hide_file_contents: true })).text;
  t.deepEqual((JSON.parse(json) as DigestJson).warnings, [
    { path: 'config.py', line: 3, kind: 'GitHub token' },
  ]);
  t.false(json.includes(token));
  t.regex((await filter(service, {})).text, /config\.py:3 GitHub token/);
});

const alnum = 'a1B2c3D4e5'.repeat(20);
const secrets: readonly (readonly [kind: string, start: string, rest: string])[] = [
  ['GitHub token', 'gho_', alnum.slice(0, 36)],
  ['GitHub token', 'github_pat_', alnum.slice(0, 40)],
  ['AWS access key id', 'AKIA', 'ABCDEFGH01234567'],
  ['AWS access key id', 'ASIA', 'ABCDEFGH01234567'],
  ['private key', '-----BEGIN ', 'OPENSSH PRIVATE KEY-----'],
  ['private key', '-----BEGIN ', 'PRIVATE KEY-----'],
  ['Slack token', 'xoxb-', '1234567890-abc'],
  ['Google API key', 'AIza', alnum.slice(0, 35)],
  ['Stripe key', 'rk_live_', alnum.slice(0, 24)],
  ['npm token', 'npm_', alnum.slice(0, 36)],
  ['PyPI token', 'pypi-', alnum.slice(0, 60)],
  ['GitLab token', 'glpat-', alnum.slice(0, 20)],
  ['API key', 'sk-', alnum.slice(0, 40)],
  ['API key', 'sk-ant-', alnum.slice(0, 40)],
  ['JSON web token', 'eyJ', `${alnum.slice(0, 20)}.eyJ${alnum.slice(0, 30)}.${alnum.slice(0, 20)}`],
];

test('each kind of secret is found at the start of a word, and not cut short or within one', async t => {
  const content = secrets.flatMap(([, start, rest]) => [
    `"${start}${rest}"`,
    `${start}${rest.slice(0, 5)}*${rest.slice(5)}`,
    // The dashes are no word.
    start.startsWith('-') ? 'none' : `x${start}${rest}`,
  ]);
  const { service } = await start(t, [{ path: 'a', content: content.join('\n') }]);
  const { warnings } = JSON.parse((await filter(service, { format: 'json' })).text) as DigestJson;
  t.deepEqual(
    warnings,
    secrets.map(([kind], index) => ({ path: 'a', line: 3 * index + 1, kind })),
  );
});

test('a path called __proto__ is a path', async t => {
  const { service } = await start(t, [
    { path: '__proto__/constructor', content: 'x' },
    { path: '__proto__x', content: 'y' },
  ]);
  const texts = await service.get('/github-api/repository-text-files?owner=acme&name=sample');
  t.is(texts.text, '{"__proto__/constructor":"x","__proto__x":"y"}');
  const tree = (await service.get('/github-stats/folder-tree?owner=acme&name=sample')).text;
  t.regex(tree, /"children":\{"__proto__":\{"name":"__proto__"/);
  t.is(({} as Record<string, unknown>)['name'], undefined);
});

test('a byte order mark is not part of a text', async t => {
  const { service } = await start(t, [{ path: 'a.txt', content: '\ufeffhello' }]);
  t.is(
    (await service.get('/github-api/repository-text-files?owner=acme&name=sample')).text,
    '{"a.txt":"hello"}',
  );
});

test('a path longer than 100 bytes is read from its extended header', async t => {
  const path = `${'folder/'.repeat(30)}ü.txt`;
  const { service } = await start(t, [{ path, content: 'x' }]);
  t.deepEqual((await service.get('/github-api/repository-files-names?owner=acme&name=sample')).json(), [
    path,
  ]);
});
