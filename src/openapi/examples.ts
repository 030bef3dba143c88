/** An example of every answer, by the name of its schema, and of every error, by its status. A test holds them to their schemas. */

const commit = '5d1c3a7e9b2f40861c7d5e3f9a8b7c6d5e4f3a2b';
const file = {
  path: 'osbot_utils/utils/Misc.py',
  name: 'Misc.py',
  extension: '.py',
  size_bytes: 3010,
  folder: 'osbot_utils/utils',
};
const folder = {
  path: 'osbot_utils/utils',
  depth: 1,
  size_bytes: 3014,
  file_count: 2,
  direct_file_count: 2,
  subfolder_count: 0,
  extensions: ['.py'],
};
const extensions = { '.py': { count: 2, total_bytes: 3014 }, '(none)': { count: 1, total_bytes: 300 } };
const node = {
  name: 'osbot_utils',
  path: 'osbot_utils',
  children: {},
  size_bytes: 3014,
  file_count: 2,
  direct_file_count: 0,
  subfolder_count: 1,
};
const address = { headers: { 'Content-Type': 'text/plain' }, text: '203.0.113.7', duration: 0.042 };

export const examples: Readonly<Record<string, unknown>> = {
  Page: '<!doctype html>…',
  OpenApi: { openapi: '3.1.0', info: { title: 'GitHub Digest', version: 'v1.0.0' }, paths: {} },
  Version: { version: 'v1.0.0' },
  Health: { status: 'ok' },
  Status: { name: 'github-digest', version: 'v1.0.0', status: 'operational', environment: 'aws-lambda' },
  Server: {
    server_id: '2e5fa290-6e06-419d-9007-98a9b5ca37fc',
    server_name: 'github-digest',
    server_instance_id: '43dbb695-5299-4e78-83ca-c1b3dafadac8',
    server_boot_time: 1795000000000,
  },
  Versions: { service: 'v1.0.0', node: 'v24.21.0', dependencies: { koa: '3.3.0', '@koa/router': '15.7.0' } },
  ResolvedDependencies: {
    artifacts: [
      {
        name: 'core',
        source: 's3',
        digest: `sha256:${'4e'.repeat(32)}`,
        tree: `sha256:${'a1'.repeat(32)}`,
        packages: [{ name: 'koa', version: '3.3.0' }],
        phases: { choose: 0.412, connect: 8.1, firstByte: 12.75, download: 3.9, verify: 1.2, unpack: 11.8 },
      },
    ],
  },
  IpAddress: { ip_address: '203.0.113.7', duration: 0.042, source: 'checkip.amazonaws.com' },
  IpAddresses: {
    check_ip__amazon_aws: address,
    if_config: {
      headers: {},
      text: '',
      duration: 4.001,
      error: 'ifconfig.me did not answer in time (4000 ms)',
    },
    ip_ify: address,
    ip_info: address,
  },
  Resource: {
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'X-RateLimit-Remaining': '59' },
    content: { full_name: 'owasp-sbot/OSBot-Utils', default_branch: 'main' },
    duration: 0.184,
  },
  Paths: ['LICENSE', 'README.md', file.path],
  Texts: { 'README.md': '# OSBot-Utils\n' },
  DigestMarkdown: [
    '# owasp-sbot/OSBot-Utils\n',
    '- Ref: `main`',
    `- Commit: \`${commit}\``,
    '- Files: 1 of 3',
    '- Size: 14 bytes, about 4 tokens',
    '- Filters:\n  - include: `["*.md"]`',
    '\n## Tree\n\n```text\nowasp-sbot/OSBot-Utils\n└── README.md (14 B, 4 tokens)\n```',
    '\n## Skipped\n\n```text\nfiltered: LICENSE\nbinary: logo.png\n```',
    '\n## Files\n\n### `README.md`\n\n```markdown\n# OSBot-Utils\n```\n',
  ].join('\n'),
  DigestXml: [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<digest repository="owasp-sbot/OSBot-Utils" ref="main" commit="${commit}" total_files="3" files="1" bytes="14" tokens="4" skipped="2">`,
    '<tree>…</tree>\n<files>\n<file path="README.md" size="14" tokens="4"># OSBot-Utils\n</file>\n</files>\n</digest>\n',
  ].join('\n'),
  DigestText: `Repository: owasp-sbot/OSBot-Utils\nRef: main\nCommit: ${commit}\n…\n===== ${commit} README.md =====\n# OSBot-Utils\n`,
  Digest: {
    repository: { owner: 'owasp-sbot', name: 'OSBot-Utils', ref: 'main', commit },
    filters: { include: ['*.md'] },
    totals: { total_files: 3, files: 1, bytes: 14, tokens: 4, skipped: 2 },
    warnings: [{ path: 'README.md', line: 7, kind: 'GitHub token' }],
    skipped: [
      { path: 'LICENSE', size: 300, reason: 'filtered' },
      { path: 'logo.png', size: 264, reason: 'binary' },
    ],
    files: [{ path: 'README.md', size: 14, tokens: 4, content: '# OSBot-Utils\n' }],
  },
  RepoStats: {
    owner: 'owasp-sbot',
    name: 'OSBot-Utils',
    ref: 'main',
    total_files: 3,
    total_size_bytes: 3314,
    total_folders: 2,
    files: [file],
    folders: [folder],
    extensions_summary: extensions,
    max_depth: 2,
    requested_depth: 2,
  },
  Files: [file],
  FilesTable: '│ # │ Path                      │ Size (bytes) │ Size (KB) │ Extension │\n…',
  Folders: [folder],
  FoldersTable: '│ # │ Path              │ Size (bytes) │ Size (KB) │ Files │ Direct Files │ Subfolders │\n…',
  FoldersTree:
    '📁 owasp-sbot/OSBot-Utils (main)\n   Total: 3,314 bytes (3.2 KB) | 3 files\n\n└── 📁 osbot_utils (2.9 KB, 2 files)',
  Extensions: extensions,
  ExtensionsTable: '│ # │ Extension │ Count │ Total Size (bytes) │ Total Size (KB) │ Avg Size (bytes) │\n…',
  FolderTree: { name: '/', size_bytes: 3314, file_count: 3, children: { osbot_utils: node } },
  CookieSet: { message: 'Cookie set successfully', cookie_name: 'x-api-key' },
};

const detail = (text: string) => ({ detail: text });

/** In the shape of `application/json`; `application/problem+json` says the same as RFC 9457 has it. */
export const errorExamples: Readonly<Record<number, unknown>> = {
  401: {
    data: null,
    error: null,
    message: 'Client API key is missing, you need to set it on a header or cookie',
    status: 'error',
  },
  404: detail('GitHub knows no such repository or ref, or does not show it'),
  413: detail(
    'The repository is over the limit entries (20000): choose a smaller repository or ref; GitHub packs the whole tree',
  ),
  415: detail('Unsupported Media Type: send application/json'),
  422: {
    detail: [
      {
        type: 'int_parsing',
        loc: ['query', 'limit'],
        msg: 'Input should be a valid integer, unable to parse string as an integer',
        input: 'abc',
      },
    ],
  },
  429: detail("GitHub's rate limit is used up"),
  500: { ...detail('Internal server error'), request_id: '2e5fa290-6e06-419d-9007-98a9b5ca37fc' },
  502: detail('GitHub cannot be reached (ECONNREFUSED)'),
  503: detail('Service Unavailable'),
  504: detail('GitHub did not answer in time (8000 ms)'),
};
