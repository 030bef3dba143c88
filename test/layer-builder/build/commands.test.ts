/** plan, why, verify, inspect and package on one small project. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import unzipper from 'unzipper';
import { digestOf, treeOf } from '../../../artifact/digest.ts';
import { objectKey } from '../../../artifact/layout.ts';
import { contentOf, defaultLimits, readArchive } from '../../../handler/zip/read.ts';
import { fileOf } from '../../../layer-builder/build/file.ts';
import { buildProject } from '../../../layer-builder/build/index.ts';
import { writeZip } from '../../../layer-builder/build/zip.ts';
import type { Command, CommandContext } from '../../../layer-builder/command.ts';
import { command as inspect } from '../../../layer-builder/commands/inspect.ts';
import { command as packageCommand } from '../../../layer-builder/commands/package.ts';
import { command as plan } from '../../../layer-builder/commands/plan.ts';
import { command as verify } from '../../../layer-builder/commands/verify.ts';
import { command as why } from '../../../layer-builder/commands/why.ts';
import { buildOnce, codeOf, listing, makeProject } from './project.ts';

function run(
  command: Command,
  project: string,
  positionals: string[] = [],
  values: Record<string, boolean> = {},
) {
  const context = {
    project,
    json: true,
    quiet: true,
    env: process.env,
    signal: new AbortController().signal,
    progress() {},
    say() {},
    warn() {},
  };
  return command.run(context satisfies CommandContext, { values, positionals });
}

function makeUnbuilt(t: ExecutionContext): string {
  return makeProject(t, { dependencies: ['debug', 'is-stream'] });
}

const built = buildOnce(makeUnbuilt);

test('plan weighs real files against every limit and writes nothing', async t => {
  const project = makeUnbuilt(t);
  const before = listing(project);
  const { data, text } = await run(plan, project);
  t.deepEqual(listing(project), before);
  const report = data as {
    artifacts: { unpackedSize: number; packages: { name: string; requiredBy: string[] }[] }[];
    limits: { name: string; limit: number; percent: number }[];
  };
  t.true((report.artifacts[0]?.unpackedSize ?? 0) > 0);
  t.deepEqual(report.artifacts[0]?.packages.find(item => item.name === 'ms')?.requiredBy, ['debug']);
  t.deepEqual(
    report.limits.map(limit => limit.limit),
    [5, 262_144_000, 10_000, 52_428_800, 536_870_912, 4096],
  );
  t.regex(text, /limits of AWS/);
});

test('why tells the chains from the app to a package, and why one is absent', async t => {
  const project = makeUnbuilt(t);
  const { data } = await run(why, project, ['ms']);
  t.like(data, { package: 'ms', places: [{ artifact: 'core', chains: [['app', 'debug', 'ms']] }] });
  t.is(await codeOf(t, run(why, project, ['left-pad'])), 'NOT_FOUND');
});

test('verify proves a build, loads its entry points, and rebuilds it to the same bytes', async t => {
  const { project } = await built(t);
  const before = listing(project);
  const { data } = await run(verify, project, [], { rebuild: true });
  t.like(data, { artifacts: [{ name: 'core', loaded: ['debug', 'is-stream'], rebuilt: true }] });
  t.deepEqual(listing(project), before);
});

test('verify names what is wrong with a build that was tampered with', async t => {
  t.is(await codeOf(t, run(verify, makeUnbuilt(t))), 'BUILD_NOT_FOUND');
  const { project, artifacts } = await built(t);
  const path = artifacts[0]?.path ?? '';
  const bytes = readFileSync(path);
  const at = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
  t.is(await codeOf(t, run(verify, project)), 'VERIFY_FAILED');
});

test('verify --rebuild names the first file and byte that a new build makes otherwise', async t => {
  const { project, artifacts, lockPath } = await built(t);
  const [artifact] = artifacts;
  const zip = readFileSync(artifact?.path ?? '');
  const files = readArchive(zip, defaultLimits).map(entry => {
    const bytes = Buffer.from(contentOf(zip, entry));
    if (entry.path.endsWith('core.licenses.txt')) bytes.writeUInt8(bytes.readUInt8(7) ^ 1, 7);
    return fileOf(entry.path, bytes);
  });
  // Not damaged but forged: marker and lock agree with what is inside.
  const marker = 'nodejs/.layer-builder/core.json';
  const tree = treeOf(files.filter(file => file.path !== marker));
  const said = files.find(file => file.path === marker)?.content as Buffer;
  const other = fileOf(marker, `${JSON.stringify({ ...JSON.parse(String(said)), tree })}\n`);
  const forged = await writeZip([...files.filter(file => file.path !== marker), other]);
  const digest = digestOf(forged);
  const lock = JSON.parse(readFileSync(lockPath, 'utf8'));
  Object.assign(lock.artifacts[0], { digest, tree, size: forged.length });
  lock.artifacts[0].s3.key = objectKey(digest);
  writeFileSync(lockPath, JSON.stringify(lock));
  writeFileSync(join(project, '.layer-builder/artifacts', `core-${digest.slice(7)}.zip`), forged);
  await t.notThrowsAsync(run(verify, project));
  const error = await t.throwsAsync<Error & { code: string; details: { what: string } }>(
    run(verify, project, [], { rebuild: true }),
  );
  t.is(error.code, 'VERIFY_FAILED');
  t.is(error.details.what, 'nodejs/.layer-builder/core.licenses.txt, byte 7');
});

test('inspect tells what is inside a local zip; a file that is none is an error', async t => {
  const { project, artifacts } = await built(t);
  const { data } = await run(inspect, project, [artifacts[0]?.path ?? '']);
  t.like(data, {
    fileCount: artifacts[0]?.files,
    unpackedSize: artifacts[0]?.unpackedSize,
    markers: [{ name: 'core' }],
  });
  t.deepEqual(
    (data as { packages: string[] }).packages.map(item => item.split('@')[0]),
    ['debug', 'is-stream', 'ms'],
  );
  t.is(await codeOf(t, run(inspect, project, [join(project, 'package.json')])), 'NOT_FOUND');
  t.is(await codeOf(t, run(inspect, project, ['s3://'])), 'USAGE');
});

test('package holds handler, app and lock, is the same twice, and stays under 100 kB', async t => {
  const unbuilt = makeUnbuilt(t);
  t.is(await codeOf(t, run(packageCommand, unbuilt)), 'BUILD_NOT_FOUND');
  t.false(existsSync(join(unbuilt, '.layer-builder')));
  const { project } = await built(t);
  const first = (await run(packageCommand, project)).data as { digest: string; size: number };
  const second = (await run(packageCommand, project)).data as { digest: string };
  t.is(first.digest, second.digest);
  t.true(first.size < 100_000, `${first.size} bytes`);
  const { files } = await unzipper.Open.buffer(readFileSync(join(project, '.layer-builder/function.zip')));
  const texts = await Promise.all(files.map(async file => [file.path, String(await file.buffer())] as const));
  const names = texts.map(([path]) => path);
  for (const name of ['app.mjs', 'deps.lock.json', 'index.mjs']) t.true(names.includes(name), name);
  const program = 'second-thread.cjs';
  t.true(names.includes(`handler/${program}`));
  t.true(
    texts.some(([path, text]) => /^handler\/fetch-/.test(path) && text.includes(`./${program}`)),
    'the second thread is started from where it lies',
  );
  const bare = texts
    .filter(([path]) => path === 'index.mjs' || path.startsWith('handler/'))
    .flatMap(([, text]) =>
      [...text.matchAll(/(?:^|[;}])import[^"'`;]*["'`]([^"'`]+)["'`]/g)].map(match => match[1] ?? ''),
    )
    .filter(specifier => !specifier.startsWith('.') && !specifier.startsWith('node:'));
  t.deepEqual(bare, [], 'the handler imports nothing that an artifact would have to bring');
});

test('an app that imports what the lock does not hold is not packaged', async t => {
  const { project } = await built(t);
  writeFileSync(join(project, 'app.js'), `import 'ms'; import 'debug';`);
  const { lockPath } = await buildProject(project);
  const lock = JSON.parse(readFileSync(lockPath, 'utf8'));
  lock.artifacts[0].packages = [];
  writeFileSync(lockPath, JSON.stringify(lock));
  t.is(await codeOf(t, run(packageCommand, project)), 'BUILD_NOT_FOUND');
});
