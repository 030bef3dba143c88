/** B3, B4, B10 without other processes: errors of single calls, and what happens between our own calls. Serial: it stubs fs. */
import fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { cachePath, modulesPath, storeName } from '../../../artifact/layout.ts';
import { systemClock } from '../../../handler/clock.ts';
import { diskError, diskNeed, noSpace } from '../../../handler/disk.ts';
import { HandlerError } from '../../../handler/errors.ts';
import type { DownloadLimits } from '../../../handler/loader.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import type { Step } from '../../support/chaos-s3.ts';
import { refuse, serve, startChaosS3 } from '../../support/chaos-s3.ts';
import type { WorldOptions } from '../../support/loader-world.ts';
import { loaderWorld } from '../../support/loader-world.ts';
import { failWith, stubFs } from '../../support/stub-fs.ts';
import { isTwoThreads } from '../../support/threads.ts';

const made = await makeArtifact(smallPackage);
const lock = lockOf([made.artifact]);
const final = storeName(made.artifact.digest);

async function world(
  t: ExecutionContext,
  step: Step = serve(made.zip),
  limits: Partial<DownloadLimits> = {},
  more: WorldOptions = {},
) {
  const s3 = await startChaosS3(step);
  t.teardown(s3.close);
  const here = loaderWorld(t, s3.endpoint, { ...more, limits });
  const load = async () => (await resolveDependencies(lock, here.settings)).artifacts[0]?.source;
  return { ...here, s3, load };
}

/** Lets the next calls of one function fail, so many of them. */
function failing(t: ExecutionContext, name: keyof typeof fs, code: string, times: number): () => void {
  let left = times;
  return stubFs(t, name, (real, ...args) => (left-- > 0 ? failWith(code) : real(...args)));
}

for (const [code, expected] of [
  ['ENOSPC', 'DEPS_NOSPACE'],
  ['EDQUOT', 'DEPS_NOSPACE'],
  ['EFBIG', 'DEPS_NOSPACE'],
  ['EIO', 'DEPS_DISK'],
  ['EROFS', 'DEPS_READONLY'],
  ['EMFILE', 'DEPS_TOO_MANY_FILES'],
] as const) {
  test.serial(`B3 ${code} while unpacking: ${expected}, nothing left, and the next try works`, async t => {
    const { settings, load } = await world(t);
    // descriptors are tried for three times, everything else once
    // with two threads it is met twice before it is told
    const restore = failing(t, 'writeSync', code, code === 'EMFILE' ? 99 : isTwoThreads ? 2 : 1);
    const error = await t.throwsAsync<HandlerError>(load(), { code: expected });
    const { unpackedSize, files } = made.artifact;
    t.like(error.details, { path: settings.dir, needBytes: diskNeed(unpackedSize, files), found: code });
    t.true(Number(error.details['haveBytes']) > 0);
    restore();
    t.deepEqual(fs.readdirSync(settings.dir), []);
    t.is(await load(), 's3');
  });
}

test.serial('B4 too many open files for a moment: it works a moment later', async t => {
  const waits: number[] = [];
  const sleep = async (ms: number) => void waits.push(ms);
  const { load, s3 } = await world(t, serve(made.zip), {}, { clock: { ...systemClock, sleep } });
  failing(t, 'mkdtempSync', 'EMFILE', 2);
  t.is(await load(), 's3');
  t.is(s3.requests.length, 1);
  t.deepEqual(waits, [25, 50]);
});

for (const [code, expected, reason] of [
  ['EMFILE', 'DEPS_TOO_MANY_FILES', undefined],
  ['ENFILE', 'DEPS_TOO_MANY_FILES', undefined],
  ['EIO', undefined, 'unreadable: EIO'],
] as const) {
  const what = reason === undefined ? 'says nothing about it: it stays' : 'is reason enough to load it again';
  test.serial(`B4 ${code} while a copy is judged ${what}`, async t => {
    const { load, settings, events } = await world(t);
    await load();
    const root = path.join(settings.dir, final);
    const { ino } = fs.statSync(root);
    let isJudged = false;
    stubFs(t, 'readdirSync', (real, ...args) => {
      if (args[0] !== root || isJudged) return real(...args);
      isJudged = true;
      return failWith(code);
    });
    if (expected === undefined) t.is(await load(), 's3');
    else {
      const error = await t.throwsAsync<HandlerError>(load(), { code: expected });
      t.is(error.details['path'], root);
    }
    if (reason === undefined) t.is(fs.statSync(root).ino, ino);
    t.deepEqual(
      events.map(event => (event.event === 'security' ? event.reason : event.event)),
      reason === undefined ? [] : [reason],
    );
  });
}

test.serial(
  'B1 room is made first by sweeping copies that the lock does not name, then need and have are said',
  async t => {
    const { settings, load, s3, events } = await world(t);
    const other = path.join(settings.dir, `sha256-${'0'.repeat(64)}`);
    fs.mkdirSync(other, { recursive: true });
    const kept = ['somebody-elses', `x${path.basename(other)}`, `${path.basename(other)}x`].map(name =>
      path.join(settings.dir, name),
    );
    for (const folder of kept) fs.mkdirSync(folder);
    let blocks = 2;
    stubFs(t, 'statfsSync', () => ({ bsize: 4096, bavail: fs.existsSync(other) ? 1 : blocks }));
    const error = await t.throwsAsync<HandlerError>(load(), { code: 'DEPS_NOSPACE' });
    t.is(error.details['haveBytes'], 8192);
    t.is(error.details['needBytes'], diskNeed(made.artifact.unpackedSize, made.artifact.files));
    t.is(s3.requests.length, 0);
    fs.mkdirSync(other);
    blocks = 1_000_000;
    t.is(await load(), 's3');
    for (const folder of kept) t.true(fs.existsSync(folder));
    t.is(events.filter(({ event }) => event === 'swept').length, 2);
  },
);

test.serial(
  'B6 a leftover that cannot be removed, and a disk that does not tell its room, stop nothing',
  async t => {
    const { settings, load } = await world(t);
    const dead = path.join(settings.dir, '.work-999999999-x');
    fs.mkdirSync(dead, { recursive: true });
    stubFs(t, 'rmSync', (real, ...args) => (args[0] === dead ? failWith('EACCES') : real(...args)));
    stubFs(t, 'statfsSync', () => failWith('ENOSYS'));
    t.is(await load(), 's3');
  },
);

test.serial('B1 room for the artifact to the byte is enough, and nothing is swept', async t => {
  const { settings, load } = await world(t);
  const other = path.join(settings.dir, `sha256-${'0'.repeat(64)}`);
  fs.mkdirSync(other, { recursive: true });
  const bavail = diskNeed(made.artifact.unpackedSize, made.artifact.files);
  stubFs(t, 'statfsSync', () => ({ bsize: 1, bavail }));
  t.is(await load(), 's3');
  t.true(fs.existsSync(other));
});

test.serial('B1 a copy that the lock names is not swept for another that is missing', async t => {
  const two = await makeArtifact({ 'second/index.js': '' }, { name: 'two', load: 'lazy' });
  const { settings, load } = await world(t);
  const second = path.join(settings.dir, storeName(two.artifact.digest));
  fs.mkdirSync(second, { recursive: true });
  stubFs(t, 'statfsSync', () => ({ bsize: 1, bavail: 1 }));
  await t.throwsAsync(resolveDependencies(lockOf([made.artifact, two.artifact]), settings), {
    code: 'DEPS_NOSPACE',
  });
  t.true(fs.existsSync(second));
  await t.throwsAsync(load(), { code: 'DEPS_NOSPACE' });
  t.false(fs.existsSync(second));
});

test.serial('B6 folders that cannot be written to are opened before they are removed', async t => {
  const { settings, load } = await world(t);
  const dead = path.join(settings.dir, '.work-999999999-x');
  fs.mkdirSync(path.join(dead, 'tree/sealed'), { recursive: true });
  fs.writeFileSync(path.join(dead, 'tree/sealed/file'), '');
  fs.symlinkSync(settings.dir, path.join(dead, 'tree/link'));
  fs.chmodSync(path.join(dead, 'tree/sealed'), 0o555);
  // as the kernel does it for anybody but root
  stubFs(t, 'rmSync', (real, ...args) => {
    const { mode = 0o700 } = fs.statSync(path.join(dead, 'tree/sealed'), { throwIfNoEntry: false }) ?? {};
    return (mode & 0o200) === 0 ? failWith('EACCES') : real(...args);
  });
  t.is(await load(), 's3');
  t.deepEqual(fs.readdirSync(settings.dir), [final]);
});

test.serial(
  "B6 a work folder of somebody else's process stays, one that is gone meanwhile does no harm",
  async t => {
    const { settings, load } = await world(t);
    fs.mkdirSync(path.join(settings.dir, '.work-999999999-x'), { recursive: true });
    const { kill } = process;
    t.teardown(() => {
      process.kill = kill;
    });
    process.kill = () => failWith('EPERM');
    stubFs(t, 'readdirSync', (real, ...args) => {
      const names = real(...args) as string[];
      return args[0] === settings.dir ? [...names, `.work-${process.pid}-gone`] : names;
    });
    t.is(await load(), 's3');
    t.true(fs.existsSync(path.join(settings.dir, '.work-999999999-x')));
  },
);

test.serial('B6 the work folder has the number of its process in its name', async t => {
  const { settings, load } = await world(t);
  const asked: unknown[] = [];
  stubFs(t, 'mkdtempSync', (real, prefix) => {
    asked.push(prefix);
    return real(prefix);
  });
  await load();
  t.is(asked[0], path.join(settings.dir, `.work-${process.pid}-`));
});

test.serial('B10 another process finishes while we download: its copy is verified and taken', async t => {
  const step: Step = (request, response) => {
    if (s3.requests.length === 1)
      fs.cpSync(path.join(other, final), path.join(settings.dir, final), { recursive: true });
    serve(made.zip)(request, response);
  };
  const first = await world(t);
  await first.load();
  const other = first.settings.dir;
  const { settings, s3, load, events } = await world(t, step);
  t.is(await load(), 's3');
  t.deepEqual(fs.readdirSync(settings.dir), [final]);
  t.false(events.some(({ event }) => event === 'security'));
});

test.serial('B10 something else takes the name while we download: it is reported and removed', async t => {
  const step: Step = (request, response) => {
    fs.mkdirSync(path.join(settings.dir, final, modulesPath), { recursive: true });
    serve(made.zip)(request, response);
  };
  const { settings, load, events } = await world(t, step);
  t.is(await load(), 's3');
  t.true(events.some(({ event }) => event === 'security'));
  t.deepEqual(fs.readdirSync(settings.dir), [final]);
  t.is(await load(), 'tmp');
});

test('DEPS_TREE: the marker inside is not the lock’s', async t => {
  const other = await makeArtifact(smallPackage, { marker: '{"formatVersion":1,"name":"other"}' });
  const s3 = await startChaosS3(serve(other.zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const error = await t.throwsAsync<HandlerError>(resolveDependencies(lockOf([other.artifact]), settings), {
    code: 'DEPS_TREE',
    message: `the marker of core is not the lock's (expected ${other.artifact.tree}, found none)`,
  });
  t.regex(error.hint ?? '', /^build and publish again/);
  t.like(error.details, { artifact: 'core', expected: { tree: other.artifact.tree }, found: null });
  t.deepEqual(fs.readdirSync(settings.dir), []);
});

test.serial('B7 a copy with a file larger than the buffer is verified, and every file is closed', async t => {
  const large = Buffer.alloc(600_000, 'a large file\n');
  const big = await makeArtifact({ ...smallPackage, 'small/large.txt': large, 'small/last.txt': 'last' });
  const s3 = await startChaosS3(serve(big.zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const load = async () => (await resolveDependencies(lockOf([big.artifact]), settings)).artifacts[0]?.source;
  const open = new Set<unknown>();
  stubFs(t, 'openSync', (real, ...args) => {
    const file = real(...args);
    open.add(file);
    return file;
  });
  stubFs(t, 'closeSync', (real, file) => {
    open.delete(file);
    return real(file);
  });
  t.is(await load(), 's3');
  t.is(await load(), 'tmp');
  t.deepEqual([...open], []);
});

for (const field of ['files', 'unpackedSize', 'tree'] as const) {
  test(`a whole artifact with another ${field} than the lock's is not taken`, async t => {
    const { settings } = await world(t);
    const { [field]: value } = made.artifact;
    const lie = typeof value === 'number' ? value + 1 : `sha256:${'0'.repeat(64)}`;
    const lock = lockOf([{ ...made.artifact, [field]: lie }]);
    await t.throwsAsync(resolveDependencies(lock, settings), { code: 'ZIP_UNEXPECTED' });
    t.deepEqual(fs.readdirSync(settings.dir), []);
  });
}

test('the compile cache of a copy is sealed before the copy appears', async t => {
  const cached = await makeArtifact({ ...smallPackage, '../.layer-builder/cache/v24/x': 'code' });
  const s3 = await startChaosS3(serve(cached.zip));
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const { artifacts } = await resolveDependencies(lockOf([cached.artifact]), settings);
  const cache = path.join(artifacts[0]?.root ?? '', cachePath);
  for (const folder of [cache, path.join(cache, 'v24')]) t.is(fs.statSync(folder).mode & 0o777, 0o555);
});

/** Codes of the system, what they become, and what is said; % is the code. */
const diskErrors = [
  {
    codes: ['ENOSPC', 'EDQUOT', 'EFBIG'],
    becomes: 'DEPS_NOSPACE',
    says: '/x is too full (expected 9 bytes free, found 3 bytes (%))',
    hint: /^raise the/,
  },
  {
    codes: ['EROFS', 'EACCES', 'EPERM'],
    becomes: 'DEPS_READONLY',
    says: '/x cannot be written (expected a writable folder, found %)',
    hint: /^set DEPS_DIR/,
  },
  {
    codes: ['EMFILE', 'ENFILE'],
    becomes: 'DEPS_TOO_MANY_FILES',
    says: 'no file descriptor is left (expected at most 1,024 in use, found %)',
    hint: /^close files/,
  },
  { codes: ['EIO'], becomes: 'DEPS_DISK', says: 'the disk failed at /x (found %)', hint: /^try again/ },
];
for (const { codes, becomes, says, hint } of diskErrors) {
  for (const code of codes) {
    test(`B3 ${code} is ${becomes}, with need and have`, t => {
      const cause = Object.assign(new Error(code), { code });
      const error = diskError(cause, { path: '/x', needBytes: 9, haveBytes: 3 }) as HandlerError;
      t.is(error.code as string, becomes);
      t.is(error.message, says.replace('%', code));
      t.regex(error.hint ?? '', hint);
      t.deepEqual(error.details, { path: '/x', needBytes: 9, haveBytes: 3, found: code });
      t.is(error.cause, cause);
    });
  }
}

test('an error that is no error of the disk passes as it is', t => {
  const bug = new TypeError('a bug');
  t.is(diskError(bug, { path: '/x' }), bug);
  for (const code of ['ERR_INVALID_ARG', 'NOENT', 'ENOENT!', 7]) {
    const other = Object.assign(new Error('not of the disk'), { code });
    t.is(diskError(other, { path: '/x' }), other, `${code}`);
  }
  const coded = new HandlerError('DEPS_DISK', 'E is not what it begins with');
  t.is(diskError(coded, { path: '/x' }), coded);
  t.is(diskNeed(10, 2), 10 + 2 * 4096 + 65_536);
});

test('DEPS_NOSPACE says need and have as far as they are known', t => {
  t.regex(noSpace('/x', 10, 5).message, /expected 10 bytes free, found 5 bytes \(too little space\)/);
  const { message, details } = noSpace('/x', undefined, undefined, 'EDQUOT');
  t.regex(message, /expected room free, found EDQUOT/);
  t.deepEqual(details, { path: '/x', needBytes: null, haveBytes: null, found: 'EDQUOT' });
});

test('A1 a refusal with an endless body is read no further than needed', async t => {
  const endless: Step = (_, response) => {
    response.writeHead(403);
    const more = () => response.write(Buffer.alloc(65_536, 'x'), error => error ?? more());
    more();
  };
  const { load, s3 } = await world(t, endless);
  await t.throwsAsync(load(), { code: 'DEPS_ACCESS_DENIED' });
  await s3.idle();
});

test('A1 a refusal whose body breaks off is decided by its status', async t => {
  const broken: Step = (request, response) => {
    response.writeHead(404, { 'content-length': 1000 });
    response.write('<Error>', () => setImmediate(() => request.socket.resetAndDestroy()));
  };
  const { load, s3 } = await world(t, broken);
  await t.throwsAsync(load(), { code: 'DEPS_NOT_FOUND' });
  t.is(s3.requests.length, 1);
});

test('A1 a refusal whose body never comes is decided by its status', async t => {
  const mute: Step = (_, response) => {
    response.writeHead(404);
    response.flushHeaders();
  };
  const { load, s3 } = await world(t, mute, { firstByteMs: 300 });
  await t.throwsAsync(load(), { code: 'DEPS_NOT_FOUND' });
  // and by the deadline, where that comes first: else this would wait for ten minutes
  const soon = await world(t, mute, { firstByteMs: 600_000 }, { deadlineMs: 400 });
  const { code } = await t.throwsAsync<HandlerError>(soon.load());
  t.regex(code, /^DEPS_(NOT_FOUND|TIMEOUT)$/);
  await s3.idle();
});

test('A24 an artifact that is denied beside one that is not: both outcomes have their facts', async t => {
  const two = await makeArtifact({ 'second/index.js': '' }, { name: 'two' });
  const step: Step = (request, response) =>
    (request.url?.endsWith(two.artifact.s3.key) ? refuse(403, 'AccessDenied') : serve(made.zip))(
      request,
      response,
    );
  const s3 = await startChaosS3(step);
  t.teardown(s3.close);
  const { settings } = loaderWorld(t, s3.endpoint);
  const both = lockOf([made.artifact, two.artifact]);
  const error = await t.throwsAsync<HandlerError>(resolveDependencies(both, settings), {
    code: 'DEPS_INCOMPLETE',
  });
  const outcomes = error.details['outcomes'] as {
    code: string | null;
    details?: { missingPermission?: string };
  }[];
  t.is(outcomes[1]?.details?.missingPermission, 's3:GetObject');
});
