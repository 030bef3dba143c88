/** Hosts that offer zipballs and no tarballs: the same answers, and the same refusals. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { readUntrusted } from '../../handler/zip/untrusted.ts';
import { HttpError } from '../../src/http/errors.ts';
import { archiveLimits } from '../../src/repository/limits.ts';
import { readSnapshot } from '../../src/repository/snapshot.ts';
import { canary } from '../support/canaries.ts';
import { hostileArchives } from '../support/zips/hostile.ts';
import { type EntrySpec, makeZip } from '../support/zips/write.ts';
import { commit, type FakeGitHub, playGitHub, sendJson } from './helpers/github.ts';
import { serve } from './helpers/serve.ts';

const query = 'owner=acme&name=sample&ref=main';

/** GitHub's API, its tarballs gone: `status` in their place. */
async function playZipballs(t: ExecutionContext, zip: Buffer, status = 404): Promise<FakeGitHub> {
  const gitHub = await playGitHub(t, zip);
  gitHub.on(`/repos/acme/sample/tarball/${commit}`, (_req, res) => sendJson(res, status, {}));
  gitHub.on(`/repos/acme/sample/zipball/${commit}`, (_req, res, origin) => {
    res.writeHead(302, { location: `${origin}/codeload/acme/sample/legacy.zip/${commit}` }).end();
  });
  return gitHub;
}

function git(folder: string, ...args: string[]): Buffer {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', folder, ...identity, ...args], { maxBuffer: 64 * 1024 * 1024 });
}

/** One commit as `git archive` writes it, which is what GitHub sends. */
function archivesOfGit(t: ExecutionContext): { tar: Buffer; zip: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'zipball-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  git(folder, 'init', '--quiet');
  mkdirSync(join(folder, 'src/deep'), { recursive: true });
  const files = {
    'README.md': '# Title\n'.repeat(50),
    'src/app.ts': 'export {};\n',
    'src/deep/empty': '',
    'src/ü name.md': 'ünïcode\n',
    'logo.png': Buffer.from([0x89, 0x50, 0, 1]),
    'big.txt': 'z'.repeat(6 * 1024 * 1024),
    [`${'long-name'.repeat(20)}.txt`]: 'x\n',
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content);
  symlinkSync('/etc/passwd', join(folder, 'link'));
  git(folder, 'add', '.');
  git(folder, 'commit', '--quiet', '--message', 'one');
  const of = (format: string) =>
    git(folder, 'archive', `--format=${format}`, '--prefix=acme-sample-0123abc/', 'HEAD');
  return { tar: of('tar.gz'), zip: of('zip') };
}

test('what git writes as a zip gives the answers that it gives as a tar', async t => {
  const { tar, zip } = archivesOfGit(t);
  const services = [await playGitHub(t, tar), await playZipballs(t, zip)].map(({ url }) =>
    serve(t, { GITHUB_API_URL: url }),
  );
  const sorted = (text: string) => (text.startsWith('[') ? JSON.stringify(JSON.parse(text).sort()) : text);
  for (const path of [
    '/github-api/repository-files-names',
    '/github-api/repository-text-files',
    '/github-stats/extension-breakdown',
    '/github-stats/files-by-size/view/table',
    '/github-digest/markdown',
  ]) {
    const [first, second] = await Promise.all(
      services.map(async service => (await service).get(`${path}?${query}&filter_starts_with=`)),
    );
    t.is(first?.status, 200, first?.text);
    t.is(sorted(second?.text ?? ''), sorted(first?.text ?? ''), path);
  }
});

for (const status of [404, 406, 501]) {
  test(`the zipball is asked for where the tarball is ${status}, without the token on its way to the download`, async t => {
    const zip = makeZip({ entries: [{ name: 'top/a.txt', data: 'hello', descriptor: true }] });
    const gitHub = await playZipballs(t, zip, status);
    const service = await serve(t, { GITHUB_API_URL: gitHub.url, GITHUB_TOKEN: canary('token') });
    const reply = await service.get(`/github-api/repository-text-files?${query}`);
    t.is(reply.text, '{"a.txt":"hello"}');
    t.deepEqual(
      gitHub.requests.map(({ path, headers }) => [path.split('/').at(-2), Boolean(headers.authorization)]),
      [
        ['commits', true],
        ['tarball', true],
        ['zipball', true],
        ['legacy.zip', false],
      ],
    );
  });
}

test('a host that has neither is 404', async t => {
  const gitHub = await playZipballs(t, Buffer.alloc(0));
  gitHub.on(`/repos/acme/sample/zipball/${commit}`, (_req, res) => sendJson(res, 404, {}));
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  t.is((await service.get(`/github-stats/repo-stats?${query}`)).status, 404);
});

const file = (name: string, data: Buffer | string = 'x'): EntrySpec => ({ name: `top/${name}`, data });
const blank = Buffer.alloc(4 * 1024 * 1024);
const packedBlank = makeZip({ entries: [file('blank', blank)] });

/** A directory whose entries all point at the same data: a bomb of any size in a few kilobytes. */
function overlapping(count: number): Buffer {
  const [one] = [file('blank', blank)];
  const entries = Array.from(
    { length: count },
    (_, i): EntrySpec => ({ ...file(`f${i}`), hidden: 'from-data' }),
  );
  return makeZip({
    entries: [one as EntrySpec, ...entries.map(each => ({ ...each, central: { offset: 0 } }))],
  });
}

const refused: readonly (readonly [title: string, status: number, zip: () => Buffer])[] = [
  ['a bomb', 413, () => makeZip({ entries: Array.from({ length: 45 }, (_, i) => file(`f${i}`, blank)) })],
  [
    'more than 200 MB',
    413,
    () => makeZip({ entries: Array.from({ length: 51 }, (_, i) => file(`f${i}`, blank)) }),
  ],
  [
    'a file that claims 4 GB',
    413,
    () => makeZip({ entries: [{ ...file('a'), both: { size: 0xfffffffe } }] }),
  ],
  [
    'a file that claims less than it holds',
    422,
    () => makeZip({ entries: [{ ...file('a', blank), both: { size: 9 } }] }),
  ],
  ['20,001 entries', 413, () => makeZip({ entries: Array.from({ length: 20_001 }, (_, i) => file(`${i}`)) })],
  [
    '60,000 claimed entries',
    413,
    () => makeZip({ entries: [file('a')], end: { entries: 60_000, here: 60_000 } }),
  ],
  ['100,000 entries in a zip64', 413, () => hundredThousand()],
  ['overlapping entries', 422, () => overlapping(1000)],
  ['a way out', 422, () => makeZip({ entries: [file('../../etc/passwd')] })],
  [
    'two top folders',
    422,
    () =>
      makeZip({
        entries: [
          { name: 'one/a', data: 'x' },
          { name: 'two/b', data: 'x' },
        ],
      }),
  ],
  [
    'a link that is a folder',
    422,
    () => makeZip({ entries: [{ name: 'top/d', data: '/tmp', mode: 0o120777 }, file('d/x')] }),
  ],
  ['a wrong checksum', 422, () => makeZip({ entries: [{ ...file('a', 'hello'), both: { crc32: 1 } }] })],
  ['no zip at all', 422, () => Buffer.from('<html>')],
  ['half of it missing', 422, () => packedBlank.subarray(0, packedBlank.length / 2)],
  ['nothing', 422, () => Buffer.alloc(0)],
];

/** The counts of the end record do not reach so far; the zip64 record does. */
function hundredThousand(): Buffer {
  const wide = (zip64: Buffer) => {
    zip64.writeBigUInt64LE(100_000n, 24);
    zip64.writeBigUInt64LE(100_000n, 32);
    return zip64;
  };
  const mark = { entries: 0xffff, here: 0xffff };
  return makeZip({ entries: [file('a')], zip64: (zip64, locator) => [wide(zip64), locator], end: mark });
}

for (const [title, status, zip] of refused) {
  test(`E18 a zipball with ${title}: ${status}`, async t => {
    const gitHub = await playZipballs(t, zip());
    const service = await serve(t, { GITHUB_API_URL: gitHub.url });
    const reply = await service.get(`/github-api/repository-text-files?${query}`);
    t.is(reply.status, status, reply.text.slice(0, 300));
    const { detail } = reply.json() as { detail: string };
    t.regex(detail, status === 413 ? /is over (a|the) limit/ : /^The archive of the repository is refused: /);
    t.false(/\p{Cc}/u.test(detail));
  });
}

test(`E18 all ${hostileArchives.length} hostile zips of the loader's tests are refused, or read without harm`, async t => {
  const explain = (error: unknown) => new HttpError(599, String(error));
  for (const { row, title, code, zip } of hostileArchives) {
    const body = Readable.from([zip()]) as unknown as IncomingMessage;
    const read = readSnapshot({ kind: 'zip', body, explain }, commit, () => true, archiveLimits, {
      loadReadZip: async () => readUntrusted,
    });
    const status = await read.then(
      () => 200,
      (error: HttpError) => error.status,
    );
    // In memory, names that differ in case are two files, a link is listed, and nothing at all is an empty repository.
    const isHarmless = ['C4', 'C5'].includes(row) || ['no entries', 'folders alone'].includes(title);
    const expected = code === 'ZIP_LIMIT' ? [413, 422] : isHarmless ? [200, 422] : [422];
    t.true(expected.includes(status), `${row} ${title}: ${status}`);
  }
});

test('a zipball over the limit on the download is 413, one that stops halfway 502', async t => {
  const zip = makeZip({ entries: [file('a', 'hello')] });
  const gitHub = await playZipballs(t, zip);
  const tight = await serve(t, { GITHUB_API_URL: gitHub.url }, { limits: { downloadBytes: 100 } });
  const reply = await tight.get(`/github-stats/repo-stats?${query}`);
  t.deepEqual(
    [reply.status, /over the limit downloadBytes \(100\)/.test(reply.text)],
    [413, true],
    reply.text,
  );
  gitHub.on(`/codeload/acme/sample/legacy.zip/${commit}`, (_req, res) => {
    res.writeHead(200, { 'content-length': '5000' }).write(zip);
    setImmediate(() => res.destroy());
  });
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  t.is((await service.get(`/github-stats/repo-stats?${query}`)).status, 502);
});
