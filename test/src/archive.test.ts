/** Archives of strangers: hostile ones are refused quickly, in bounded memory, and nothing of them touches the disk. */
import { readdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { HttpError } from '../../src/http/errors.ts';
import { archiveLimits } from '../../src/repository/limits.ts';
import { readSnapshot } from '../../src/repository/snapshot.ts';
import { commit, playGitHub } from './helpers/github.ts';
import { type Reply, serve } from './helpers/serve.ts';
import { archiveOf, header, paxRecord, type TarFile, tarOf } from './helpers/tar.ts';

const query = 'owner=acme&name=sample&ref=main';
const one: TarFile = { path: 'a.txt', content: 'hello' };

function raw(...entries: TarFile[]): Buffer {
  const parts = entries.flatMap(entry => {
    const content = Buffer.from(entry.content ?? '');
    return [header(entry), content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

function damaged(change: (tar: Buffer) => void): Buffer {
  const tar = tarOf([one]);
  change(tar);
  return gzipSync(tar);
}

const pax = (record: Buffer): TarFile => ({ path: 'x', type: 'x', content: record });

const hostile: readonly (readonly [title: string, archive: () => Buffer, status: number])[] = [
  ['a way out', () => archiveOf([{ path: '../../etc/passwd', content: 'x' }]), 422],
  ['a way out in the middle', () => archiveOf([{ path: 'a/../../b', content: 'x' }]), 422],
  ['an absolute path', () => raw({ path: '/etc/passwd', content: 'x' }), 422],
  [
    'a way out in an extended header',
    () => raw(pax(paxRecord('path', 'top/../../x')), { path: 'top/x' }),
    422,
  ],
  ['a NUL in an extended header', () => raw(pax(paxRecord('path', 'top/a\0b')), { path: 'top/x' }), 422],
  ['a dot', () => archiveOf([{ path: './a' }]), 422],
  ['an empty name', () => archiveOf([{ path: 'a//b' }]), 422],
  ['two top folders', () => raw({ path: 'one/a' }, { path: 'two/b' }), 422],
  ['a file on top', () => raw({ path: 'a' }), 422],
  ['a path twice', () => archiveOf([one, one]), 422],
  ['a file that is a folder', () => archiveOf([{ path: 'a' }, { path: 'a/b' }]), 422],
  ['a folder that is a file', () => archiveOf([{ path: 'a/b' }, { path: 'a' }]), 422],
  ['folders 200 deep', () => archiveOf([{ path: `${'a/'.repeat(200)}b` }]), 422],
  ['a path of 5,000 bytes', () => archiveOf([{ path: 'a'.repeat(5000) }]), 422],
  ['a device', () => archiveOf([{ path: 'null', type: '3' }]), 422],
  ['a pipe', () => archiveOf([{ path: 'pipe', type: '6' }]), 422],
  ['a sparse file', () => archiveOf([{ path: 's', type: 'S' }]), 422],
  ['a long name of another dialect', () => archiveOf([{ path: 'l', type: 'L', content: 'x' }]), 422],
  ['a wrong checksum', () => damaged(tar => tar.write('9', 1024 + 512)), 422],
  ['a size that is no number', () => archiveOf([{ ...one, size: -1 }]), 422],
  ['a size beyond the end', () => archiveOf([{ ...one, size: 100_000 }]), 422],
  ['a size of 8 GB', () => archiveOf([{ ...one, size: 0o77777777777 }]), 422],
  ['an extended header of 8 GB', () => raw({ path: 'x', type: 'x', size: 0o77777777777 }), 422],
  ['an extended header that lies about its length', () => raw(pax(Buffer.from('99 path=a\n'))), 422],
  ['an extended header without length', () => raw(pax(Buffer.from('path=a\n'))), 422],
  ['an extended size that is no number', () => raw(pax(paxRecord('size', '1e9')), { path: 'top/a' }), 422],
  ['no end mark', () => archiveOf([one], { end: false }), 422],
  ['nothing', () => gzipSync(''), 422],
  ['no gzip', () => Buffer.from('PK\u0003\u0004 a zip, say'), 422],
  [
    'a bomb of 150 MB',
    () => gzipSync(tarOf([{ path: 'bomb', content: Buffer.alloc(150 * 1024 * 1024) }]), { level: 1 }),
    413,
  ],
  [
    'a stream without end of small files',
    () => archiveOf(Array.from({ length: 20_001 }, (_, i) => ({ path: `f${i}` }))),
    413,
  ],
];

for (const [title, archive, status] of hostile) {
  test(`E18 an archive with ${title}: ${status}`, async t => {
    const gitHub = await playGitHub(t, archive());
    // A busy machine is no reason to give up here.
    const service = await serve(t, { GITHUB_API_URL: gitHub.url }, { limits: { deadline: 120_000 } });
    const reply = await service.get(`/github-api/repository-text-files?${query}`);
    t.is(reply.status, status, reply.text.slice(0, 200));
    const { detail } = reply.json() as { detail: string };
    t.regex(
      detail,
      status === 413 ? /over the limit \w+ \(\d+\): / : /^The archive of the repository is refused: /,
    );
    t.false(/\p{Cc}/u.test(detail));
    t.is((await service.call('GET', '/info/health')).status, 200);
  });
}

for (const cut of [1, 200, 600, -700, -9, -1]) {
  test(`an archive cut off at byte ${cut} is 502`, async t => {
    const whole = gzipSync(
      tarOf(Array.from({ length: 30 }, (_, i) => ({ path: `f${i}`, content: `${i * 7919}`.repeat(9) }))),
    );
    const gitHub = await playGitHub(t, whole.subarray(0, cut));
    const service = await serve(t, { GITHUB_API_URL: gitHub.url });
    const reply = await service.get(`/github-api/repository-files-names?${query}`);
    t.is(reply.status, 502, reply.text);
  });
}

test('an archive that stops in the middle is 504, one that is reset 502', async t => {
  const gitHub = await playGitHub(t);
  const service = await serve(t, { GITHUB_API_URL: gitHub.url }, { limits: { deadline: 2000 } });
  const path = `/codeload/acme/sample/legacy.tar.gz/${commit}`;
  gitHub.on(path, (_req, res) => void res.writeHead(200).write(archiveOf([one]).subarray(0, 100)));
  t.is((await service.get(`/github-api/repository-files-names?${query}`)).status, 504);
  gitHub.on(path, (_req, res) => {
    res.writeHead(200, { 'content-length': '5000' }).write(archiveOf([one]).subarray(0, 100));
    setImmediate(() => res.destroy());
  });
  t.is((await service.get(`/github-api/repository-files-names?${query}`)).status, 502);
});

const tight: readonly (readonly [name: string, limits: Record<string, number>])[] = [
  ['downloadBytes', { downloadBytes: 200 }],
  ['unpackedBytes', { unpackedBytes: 4000 }],
  ['entries', { entries: 2 }],
  ['textBytes', { textBytes: 10 }],
];

for (const [name, limits] of tight) {
  test(`over ${name} is 413 that says which limit and what to do`, async t => {
    const files = Array.from({ length: 10 }, (_, i) => ({ path: `f${i}`, content: `${i} ${Math.sin(i)}` }));
    const gitHub = await playGitHub(t, archiveOf(files));
    const service = await serve(t, { GITHUB_API_URL: gitHub.url }, { limits });
    const reply = await service.get(`/github-digest/markdown?${query}&filter_starts_with=`);
    t.is(reply.status, 413);
    t.regex(
      reply.text,
      new RegExp(`over the limit ${name} \\(${Object.values(limits)[0]}\\): (choose|narrow)`),
    );
  });
}

test('texts that are not wanted make room for those that are, and a file over its limit is listed', async t => {
  const files = Array.from({ length: 10 }, (_, i) => ({ path: `f${i}`, content: 'x'.repeat(10) }));
  const gitHub = await playGitHub(t, archiveOf([...files, { path: 'long', content: 'y'.repeat(40) }]));
  const service = await serve(t, { GITHUB_API_URL: gitHub.url }, { limits: { packFrom: 25, fileBytes: 30 } });
  const texts = await service.get(`/github-api/repository-text-files?${query}&filter_ends_with=9`);
  t.deepEqual(texts.json(), { f9: 'x'.repeat(10) });
  const others = await service.get(`/github-api/repository-text-files?${query}&filter_ends_with=0`);
  t.deepEqual(others.json(), { f0: 'x'.repeat(10) });
  const downloads = gitHub.requests.length;
  t.is((await service.get(`/github-stats/files-by-size?${query}`)).status, 200);
  t.is(gitHub.requests.length, downloads + 1, 'only the commit is asked for: sizes are known');
  const digest = await service.get(`/github-digest/markdown?${query}&filter_starts_with=long`);
  t.regex(digest.text, /too large: long/);
});

test('texts for which there is no room are kept packed, and answered as they were, whoever read them first', async t => {
  // A place for a warning, put together so that no scanner of this repository takes it for real.
  const content = `The quick brown fox. ${'npm'}_${'a1B2'.repeat(9)}\n`.repeat(14);
  const files = Array.from({ length: 200 }, (_, i) => ({
    path: `f${i + 100}`,
    content: `\ufeff${i}${content}`,
  }));
  const gitHub = await playGitHub(t, archiveOf(files));
  const limits = { packFrom: 70_000, textBytes: 150_000 };
  const service = await serve(t, { GITHUB_API_URL: gitHub.url }, { limits });
  const plenty = await serve(t, { GITHUB_API_URL: gitHub.url });
  const digest = `/github-digest/markdown?${query}&filter_starts_with=`;
  const first = await plenty.get(digest);
  t.regex(first.text, /f100:1 npm token/);
  for (const path of ['/github-api/repository-text-files', '/github-digest/markdown']) {
    const reply = await service.get(`${path}?${query}&filter_starts_with=`);
    t.is(reply.status, 200, reply.text);
    t.is(reply.text, (await plenty.get(`${path}?${query}&filter_starts_with=`)).text);
  }
});

test('two archives are read at a time, thirty wait, the rest is 429; who waited for the same commit finds it read', async t => {
  const gitHub = await playGitHub(t, archiveOf([one]));
  const held: (() => void)[] = [];
  gitHub.on(
    `/codeload/acme/sample/legacy.tar.gz/${commit}`,
    (_req, res) => void held.push(() => res.end(archiveOf([one]))),
  );
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  const refused: Reply[] = [];
  const asked = Array.from({ length: 40 }, async () => {
    const reply = await service.get(`/github-stats/repo-stats?${query}`);
    if (reply.status === 429) refused.push(reply);
    return reply.status;
  });
  while (refused.length < 8 || held.length < 2) await new Promise(resolve => setImmediate(resolve));
  t.true(refused.every(reply => reply.headers['retry-after'] === '5'));
  for (const answer of held) answer();
  t.is((await Promise.all(asked)).filter(status => status === 200).length, 32);
  t.is(held.length, 2);
});

test('nothing is written to the temporary folder', async t => {
  const before = await readdir(tmpdir());
  const gitHub = await playGitHub(t, archiveOf([{ path: 'unmistakable-name.txt', content: 'x' }]));
  const service = await serve(t, { GITHUB_API_URL: gitHub.url });
  await service.get(`/github-digest/markdown?${query}&filter_starts_with=`);
  const after = await readdir(tmpdir());
  t.false(after.filter(name => !before.includes(name)).some(name => name.includes('unmistakable')));
});

test('no change of a byte makes the reader crash, hang or invent: a snapshot, or a coded refusal', async t => {
  const good = tarOf([
    one,
    { path: 'folder/b.txt', content: 'x'.repeat(700) },
    { path: 'l', type: '2', link: 'a.txt' },
  ]);
  const change = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  const property = fc.asyncProperty(change, async changes => {
    const tar = Buffer.from(good);
    for (const [at, value] of changes) tar[at] = value;
    const body = Readable.from([gzipSync(tar, { level: 1 })]) as unknown as IncomingMessage;
    const explain = (error: unknown) => new HttpError(599, String(error));
    try {
      const { files } = await readSnapshot({ kind: 'tar', body, explain }, commit, () => true, archiveLimits);
      t.true(files.every(file => !file.path.split('/').includes('..')));
    } catch (error) {
      t.true(error instanceof HttpError && [413, 422].includes(error.status), String(error));
    }
  });
  const seed = Number(process.env['FUZZ_SEED'] ?? 20261123);
  await fc.assert(property, { seed, numRuns: Number(process.env['FUZZ_RUNS'] ?? 400) });
});
