/** FAULTS.md B6 to B11 and B16 in this process: leftovers, tampering, clocks that jump. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { cachePath, markerPath, modulesPath, storeName } from '../../../artifact/layout.ts';
import type { HandlerError } from '../../../handler/errors.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { lockOf } from '../../support/artifact.ts';
import { change, made, module, place } from './place.ts';

test('B6 work folders of dead processes are swept, those of living ones are not', async t => {
  const here = await place(t);
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  for (const pid of [dead, process.ppid]) {
    fs.mkdirSync(path.join(here.settings.dir, `.work-${pid}-abc`, 'tree'), { recursive: true });
  }
  t.is(await here.load(), 's3');
  t.deepEqual(here.left().sort(), [`.work-${process.ppid}-abc`, storeName(made.artifact.digest)]);
  t.true(here.events.some(({ event }) => event === 'swept'));
});

test('B6 a work folder of our own number, but older than this process, is from a former life', async t => {
  const here = await place(t);
  for (const name of ['old', 'new']) {
    const folder = path.join(here.settings.dir, `.work-${process.pid}-${name}`);
    fs.mkdirSync(folder, { recursive: true });
    if (name === 'old') fs.utimesSync(folder, 1000, 1000);
  }
  await here.load();
  t.deepEqual(here.left().sort(), [`.work-${process.pid}-new`, storeName(made.artifact.digest)]);
});

test('B6 what is no work folder, and one that changed after this process was born, stays', async t => {
  const here = await place(t);
  const born = Date.now() - process.uptime() * 1000;
  for (const [name, at] of [
    [`.work-${process.pid}-mine`, born + 100],
    [`.work-${process.pid}-former`, born - 5000],
    ['x.work-999999999-a', 0],
    ['.work-9x-a', 0],
  ] as const) {
    const folder = path.join(here.settings.dir, name);
    fs.mkdirSync(folder, { recursive: true });
    fs.utimesSync(folder, at / 1000, at / 1000);
  }
  await here.load();
  t.deepEqual(
    here.left().sort(),
    ['.work-9x-a', `.work-${process.pid}-mine`, storeName(made.artifact.digest), 'x.work-999999999-a'].sort(),
  );
  const swept = path.join(here.settings.dir, `.work-${process.pid}-former`);
  t.deepEqual(here.events, [{ level: 'info', event: 'swept', path: swept }]);
});

test('B6 a partial tree under the final name is no tree', async t => {
  const here = await place(t);
  fs.mkdirSync(path.join(here.root, modulesPath, 'small'), { recursive: true });
  fs.writeFileSync(path.join(here.root, modulesPath, 'small/package.json'), '{}');
  t.is(await here.load(), 's3');
  t.is(await here.load(), 'tmp');
});

test('B7 a complete tree is used again after hashing: no request', async t => {
  const here = await place(t);
  t.is(await here.load(), 's3');
  t.is(await here.load(), 'tmp');
  t.is(here.s3.requests.length, 1);
});

const outside = '/etc/hostname';
const count = made.artifact.files;
/** What is done to a copy, and what is said of it. */
const tamperings: Readonly<Record<string, [tamper: (root: string) => void, reason: string]>> = {
  'B8 one byte changed': [
    root => change(`${root}/${module}`, text => text.replace('small', 'smalL')),
    'another tree',
  ],
  'B8 a file more': [
    root => fs.writeFileSync(`${root}/${modulesPath}/small/more.js`, ''),
    'more files than the lock says',
  ],
  'B8 a package more': [
    root => {
      fs.mkdirSync(`${root}/${modulesPath}/more`);
      fs.writeFileSync(`${root}/${modulesPath}/more/index.js`, '');
    },
    'more files than the lock says',
  ],
  'B8 an empty folder more': [
    root => fs.mkdirSync(`${root}/${modulesPath}/fs`),
    'an empty folder "nodejs/node_modules/fs"',
  ],
  'B8 a link more': [
    root => fs.symlinkSync(outside, `${root}/${modulesPath}/small/link`),
    'neither file nor folder: "nodejs/node_modules/small/link"',
  ],
  'B8 a file exchanged for a link': [
    root => {
      fs.renameSync(`${root}/${module}`, `${root}/../moved`);
      fs.symlinkSync(`${root}/../moved`, `${root}/${module}`);
    },
    'neither file nor folder: "nodejs/node_modules/small/index.mjs"',
  ],
  'B8 a hard link': [
    root => fs.linkSync(`${root}/${module}`, `${root}/../second-name`),
    'a link "nodejs/node_modules/small/index.mjs"',
  ],
  'B8 a folder exchanged for a link': [
    root => {
      fs.renameSync(`${root}/nodejs`, `${root}/../elsewhere`);
      fs.symlinkSync('../elsewhere', `${root}/nodejs`);
    },
    'neither file nor folder: "nodejs"',
  ],
  'B8 a FIFO more': [
    root => void spawnSync('mkfifo', [`${root}/${modulesPath}/small/pipe`]),
    'neither file nor folder: "nodejs/node_modules/small/pipe"',
  ],
  'B8 a mode changed': [root => fs.chmodSync(`${root}/${module}`, 0o755), 'another tree'],
  'B8 a file that others can write': [
    root => fs.chmodSync(`${root}/${module}`, 0o666),
    'mode 666 of "nodejs/node_modules/small/index.mjs"',
  ],
  'B8 a folder that others can write': [
    root => fs.chmodSync(`${root}/${modulesPath}`, 0o777),
    'mode 777 of "nodejs/node_modules"',
  ],
  'B8 the marker changed': [
    root => change(`${root}/${markerPath('core')}`, text => text.replace('x86_64', 'arm64')),
    'another marker',
  ],
  'B8 the marker is no JSON': [
    root => change(`${root}/${markerPath('core')}`, text => '.'.repeat(text.length)),
    'another marker',
  ],
  'B9 a file is missing': [
    root => fs.rmSync(`${root}/${module}`),
    `${count - 1} files where the lock says ${count}`,
  ],
  'B9 the marker is missing': [
    root => fs.rmSync(`${root}/${markerPath('core')}`),
    'an empty folder "nodejs/.layer-builder"',
  ],
  'B9 the marker under another name': [
    root => fs.renameSync(`${root}/${markerPath('core')}`, `${root}/${markerPath('other')}`),
    'another marker',
  ],
  'B9 everything but the marker is missing': [
    root => fs.rmSync(`${root}/${modulesPath}`, { recursive: true }),
    `1 files where the lock says ${count}`,
  ],
  'B9 a file cut short': [root => fs.truncateSync(`${root}/${module}`, 3), 'another tree'],
  'B11 the final name is a link to a folder': [
    root => {
      fs.renameSync(root, `${root}.moved`);
      fs.symlinkSync(`${root}.moved`, root);
    },
    'not a folder',
  ],
  'B11 the final name is a file': [
    root => {
      fs.rmSync(root, { recursive: true });
      fs.writeFileSync(root, '');
    },
    'not a folder',
  ],
  'B8 a byte more': [root => fs.appendFileSync(`${root}/${module}`, ' '), 'more bytes than the lock says'],
  'B8 a set-user-id file': [root => fs.chmodSync(`${root}/${module}`, 0o4644), `mode 4644 of "${module}"`],
  'B8 a link with a name that no terminal should see': [
    root => fs.symlinkSync(outside, `${root}/${modulesPath}/small/\u001b[31m`),
    'neither file nor folder: "nodejs/node_modules/small/\\u001b[31m"',
  ],
  'B8 a link with a long name': [
    root => fs.symlinkSync(outside, `${root}/${modulesPath}/small/${'n'.repeat(200)}`),
    `neither file nor folder: "nodejs/node_modules/small/${'n'.repeat(120 - 26)}"`,
  ],
};

for (const [title, [tamper, reason]] of Object.entries(tamperings)) {
  test(`${title}: seen, removed, reported, loaded again`, async t => {
    const here = await place(t);
    await here.load();
    tamper(here.root);
    t.is(await here.load(), 's3');
    t.deepEqual(here.events, [
      { level: 'warn', event: 'security', artifact: 'core', path: here.root, reason },
    ]);
    t.is(await here.load(), 'tmp');
    t.true(fs.existsSync(outside));
  });
}

if (process.getuid?.() === 0) {
  test("B8 somebody else's file is not ours", async t => {
    const here = await place(t);
    await here.load();
    fs.chownSync(`${here.root}/${module}`, 993, 993);
    t.is(await here.load(), 's3');
    t.like(here.events, [{ event: 'security', reason: `owned by user 993: "${module}"` }]);
  });

  test("B11 a DEPS_DIR that is somebody else's is refused", async t => {
    const here = await place(t);
    fs.mkdirSync(here.settings.dir);
    fs.chownSync(here.settings.dir, 993, 993);
    await t.throwsAsync(here.load(), unsafe(here.settings.dir, 'owner 0', 'owner 993'));
  });
}

test('B11 what a planted link leads to keeps its modes when the link is removed', async t => {
  const here = await place(t);
  const victim = path.join(here.folder, 'victim');
  const cache = path.join(victim, cachePath);
  fs.mkdirSync(cache, { recursive: true });
  fs.chmodSync(cache, 0o700);
  fs.mkdirSync(here.settings.dir);
  fs.symlinkSync(victim, here.root);
  t.is(await here.load(), 's3');
  t.is(fs.statSync(cache).mode & 0o777, 0o700);
});

test('B11 a DEPS_DIR that is a link is refused, and nothing is written through it', async t => {
  const here = await place(t);
  const victim = path.join(here.folder, 'victim');
  fs.mkdirSync(victim);
  fs.symlinkSync(victim, here.settings.dir);
  const error = await t.throwsAsync<HandlerError>(
    here.load(),
    unsafe(here.settings.dir, 'a folder', 'a link or file'),
  );
  t.regex(error.hint ?? '', /^set DEPS_DIR/);
  t.deepEqual(error.details, { path: here.settings.dir, expected: 'a folder', found: 'a link or file' });
  t.deepEqual(fs.readdirSync(victim), []);
});

test('B11 a DEPS_DIR that is a dangling link or a file is refused', async t => {
  const here = await place(t);
  fs.symlinkSync(path.join(here.folder, 'nowhere'), here.settings.dir);
  await t.throwsAsync(here.load(), { code: 'DEPS_UNSAFE_DIR' });
  fs.rmSync(here.settings.dir);
  fs.writeFileSync(here.settings.dir, '');
  await t.throwsAsync(here.load(), { code: 'DEPS_UNSAFE_DIR' });
});

test('B11 a DEPS_DIR that others can write is refused and stays as it is', async t => {
  const here = await place(t);
  fs.mkdirSync(here.settings.dir);
  for (const mode of [0o777, 0o1777, 0o770]) {
    fs.chmodSync(here.settings.dir, mode);
    const expected = 'writable by its owner alone';
    await t.throwsAsync(here.load(), unsafe(here.settings.dir, expected, `mode ${mode.toString(8)}`));
    t.is(fs.statSync(here.settings.dir).mode & 0o7777, mode);
  }
  fs.chmodSync(here.settings.dir, 0o755);
  t.is(await here.load(), 's3');
});

test('B16 the wall clock jumps: no bound is touched', async t => {
  const here = await place(t);
  let jumps = 0;
  const wall = () => Date.now() + 3_600_000 * jumps++;
  await resolveDependencies(lockOf([made.artifact]), {
    ...here.settings,
    clock: { ...here.settings.clock, wall },
  });
  t.is(await here.load(), 'tmp');
});

test('B16 frozen until the deadline is over: a coded error, and the next try works over a new connection', async t => {
  const here = await place(t);
  let thawedAt = 0;
  const monotonic = () => performance.now() + thawedAt;
  const sleepy = { ...here.settings.clock, monotonic };
  const credentials: typeof here.settings.credentials = async ms => {
    thawedAt = 3_600_000;
    return here.settings.credentials(ms);
  };
  const lock = lockOf([made.artifact]);
  const error = await t.throwsAsync<HandlerError>(
    resolveDependencies(lock, { ...here.settings, clock: sleepy, credentials }),
  );
  t.is(error.code, 'DEPS_TIMEOUT');
  t.is((await resolveDependencies(lock, { ...here.settings, clock: sleepy })).artifacts[0]?.source, 's3');
});

test('a DEPS_DIR is made with mode 0700, and the folders above it too', async t => {
  const here = await place(t);
  const dir = path.join(here.folder, 'a/b/deps');
  await resolveDependencies(lockOf([made.artifact]), { ...here.settings, dir });
  t.is(fs.statSync(dir).mode & 0o777, 0o700);
});

function unsafe(dir: string, expected: string, found: string) {
  return {
    code: 'DEPS_UNSAFE_DIR',
    message: `${dir} is not safe to use (expected ${expected}, found ${found})`,
  };
}
