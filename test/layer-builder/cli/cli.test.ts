/** The contract of every command: streams, exit status, errors, help. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { openClients } from '../../../layer-builder/aws/clients.ts';
import { commandNames, loadCommand } from '../../../layer-builder/commands/index.ts';
import { claimFolder } from '../../../local-aws/s3/store/claim.ts';
import { findNodeFor } from '../../support/node-versions.ts';
import { makeProject } from '../publish/project.ts';
import { cleanEnvironment, runCli, runCommand, startCli } from './run.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const longNamed = mkdtempSync(path.join(tmpdir(), 'lb-long-'));
writeFileSync(path.join(longNamed, 'package.json'), JSON.stringify({ name: 'n'.repeat(40) }));
test.after.always(() => rmSync(longNamed, { recursive: true, force: true }));

const wrongUsage: readonly (readonly [title: string, argv: string[], says: RegExp])[] = [
  [
    'an unknown command names the nearest',
    ['pulbish'],
    /error USAGE: unknown command .*\nhint: did you mean publish\?/s,
  ],
  [
    'an unknown option names the nearest',
    ['publish', '--bukcet', 'b'],
    /error USAGE: unknown option .*\nhint: did you mean --bucket\?/s,
  ],
  ['an option without its value', ['publish', '--bucket'], /error USAGE: --bucket needs a value/],
  ['an option in place of a value', ['unpack', 'a.zip', '--into', '--json'], /--into needs a value/],
  ['a value for a flag', ['publish', '--json=yes'], /--json takes no value/],
  ['an option given twice', ['publish', '--bucket', 'a', '--bucket', 'b'], /option given twice/],
  [
    'an argument too many',
    ['publish', 'extra'],
    /wrong number of arguments for publish .*\nhint: usage: layer-builder publish/s,
  ],
  ['an argument too few', ['unpack', '--into', 'x'], /wrong number of arguments for unpack/],
  [
    'an option that an action of deploy would not heed',
    ['deploy', 'status', '--stage', 'dev', '--dry-run', '--region', 'eu-west-1'],
    /option of another action .*found --dry-run/,
  ],
  [
    'a region that could name a host',
    ['deploy', 'status', '--stage', 'dev', '--region', 'x.evil/'],
    /no region .*found "x\.evil\/"/,
  ],
  [
    'a share that is no whole percent',
    ['deploy', '--stage', 'dev', '--region', 'eu-west-1', '--shift', '0.5'],
    /no shift .*found "0\.5"/,
  ],
  [
    'a stage that makes the name of the function too long',
    ['deploy', 'status', '--stage', 's'.repeat(32), '--region', 'eu-west-1', '--project', longNamed],
    /at most 64 characters, found 74/,
  ],
  ['a port that is none', ['local', '--port', '99999'], /no port/],
  ['a name from Object.prototype is no option', ['publish', '--constructor', 'x'], /unknown option/],
];

for (const [title, argv, says] of wrongUsage) {
  test(`${title}: exit status 2`, async t => {
    const run = await runCommand(argv, {});
    t.regex(run.text, says);
    t.is(run.status, 2);
  });
}

test('wrong usage is said on stderr with exit status 2, and nothing on stdout', async t => {
  const run = await runCli(['pulbish']);
  t.deepEqual([run.status, run.stdout], [2, '']);
  t.regex(run.stderr, /^error USAGE: .*\nhint: did you mean publish\?\n$/);
});

test('with --json an error is one document on stdout and stderr is empty', async t => {
  const run = await runCli(['unpack', '/nowhere.zip', '--into', '/nowhere', '--json']);
  const { error } = JSON.parse(run.stdout);
  t.deepEqual(Object.keys(error), ['code', 'message', 'hint', 'details']);
  t.is(error.code, 'NOT_FOUND');
  t.is(run.stderr, '');
  t.is(run.status, 1);
});

test('an error never carries a secret of the environment, nor control characters of an argument', async t => {
  const run = await runCli(['unpack', 'a\u001b[31m-hunter2hunter2.zip', '--into', 'x'], {
    MY_TOKEN: 'hunter2hunter2',
  });
  t.false(run.stderr.includes('hunter2'));
  t.false(run.stderr.includes('\u001b'));
  t.regex(run.stderr, /\[redacted\]/);
});

test('--version prints the version, --help lists every command', async t => {
  const [version, help] = await Promise.all([runCli(['--version']), runCli(['--help'])]);
  t.regex(version.stdout, /^\d+\.\d+\.\d+\n$/);
  for (const name of commandNames) t.regex(help.stdout, new RegExp(`^  ${name} `, 'm'));
  t.is(help.status, 0);
});

test('help of a command shows its options and an example; --json gives the same as data', async t => {
  const [help, data] = await Promise.all([
    runCli(['help', 'publish']),
    runCli(['publish', '--help', '--json']),
  ]);
  t.regex(help.stdout, /--bucket BUCKET.*example: layer-builder publish/s);
  t.is(JSON.parse(data.stdout).name, 'publish');
});

test('the list of commands says of each what the command says of itself', async t => {
  const { commandSummaries } = await import('../../../layer-builder/commands/index.ts');
  for (const name of commandNames) {
    const command = await loadCommand(name);
    t.is(command.name, name);
    t.is(command.summary, commandSummaries[name]);
    t.regex(command.usage, new RegExp(`^layer-builder ${name}\\b`));
    t.regex(command.example, /layer-builder/);
  }
});

test('a reader that goes away early is no failure', async t => {
  const child = startCli(['--help']);
  child.stdout.destroy();
  const [status] = await once(child, 'close');
  t.is(status, 0);
});

test('unpack unpacks one zip, and refuses a folder in use', async t => {
  const project = await makeProject();
  const folder = path.join(project, '.layer-builder', 'artifacts');
  const zip = path.join(folder, readdirSync(folder).find(name => name.endsWith('.zip')) ?? '');
  const into = path.join(project, 'out');
  const first = await runCli(['unpack', zip, '--into', into, '--json']);
  t.is(JSON.parse(first.stdout).files, 3);
  t.true(existsSync(path.join(into, 'nodejs/node_modules/dep/index.js')));
  const second = await runCli(['unpack', zip, '--into', into, '--json']);
  t.is(JSON.parse(second.stdout).error.code, 'ZIP_TARGET');
  t.is(second.status, 1);
  rmSync(project, { recursive: true });
});

test('local: a port that is taken is named with the option that changes it', async t => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const data = mkdtempSync(path.join(tmpdir(), 'layer-builder-local-'));
  const run = await runCli(['local', '--port', String(port), '--url-port', '0', '--data', data, '--json']);
  server.close();
  rmSync(data, { recursive: true });
  const { error } = JSON.parse(run.stdout);
  t.is(error.code, 'PORT_TAKEN');
  t.true(error.message.includes(String(port)));
  t.regex(`${error.message} ${error.hint}`, /--port/);
  t.is(run.status, 1);
});

test('local: prints the environment to export, serves, ends on Ctrl-C with status 0', async t => {
  const data = mkdtempSync(path.join(tmpdir(), 'layer-builder-local-'));
  const words = ['--port', '0', '--url-port', '0', '--bucket', 'made-here', '--data', data, '--json'];
  const child = startCli(['local', ...words]);
  let out = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    out += chunk;
    if (out.trimEnd().endsWith('\n}')) break;
  }
  const { environment } = JSON.parse(out);
  t.deepEqual(Object.keys(environment), [
    'AWS_ENDPOINT_URL',
    'AWS_REGION',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
  ]);
  const { s3, close } = await openClients(environment, environment.AWS_REGION);
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  close();
  t.deepEqual(
    Buckets.map(({ Name }) => Name),
    ['made-here'],
  );
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  t.deepEqual(await ended, [0, null]);
  rmSync(data, { recursive: true });
});

test('local --reset deletes nothing that local-aws did not make', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layer-builder-home-'));
  writeFileSync(path.join(folder, 'thesis.txt'), 'years of work');
  const run = await runCli(['local', '--port', '0', '--reset', '--data', folder]);
  t.is(run.status, 2);
  t.true(existsSync(path.join(folder, 'thesis.txt')));
  rmSync(folder, { recursive: true });
});

test('local --reset deletes nothing while a server works in the folder', async t => {
  const data = mkdtempSync(path.join(tmpdir(), 'layer-builder-claimed-'));
  mkdirSync(path.join(data, 's3'));
  const release = await claimFolder(path.join(data, 's3'));
  const run = await runCli(['local', '--port', '0', '--reset', '--data', data]);
  t.is(run.status, 1);
  t.regex(run.stderr, /LOCAL_FAILED: The data folder is in use by process \d+/);
  t.true(existsSync(path.join(data, 's3', 'process')));
  await release();
  rmSync(data, { recursive: true });
});

test('the shim runs where the package is installed: Node strips no types in node_modules', t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layer-builder-installed-'));
  const installed = path.join(folder, 'node_modules', 'layer-builder');
  for (const part of ['layer-builder', 'artifact', 'handler', 'package.json']) {
    mkdirSync(installed, { recursive: true });
    cpSync(path.join(root, part), path.join(installed, part), { recursive: true });
  }
  const bin = path.join(installed, 'layer-builder', 'bin.js');
  const text = execFileSync(process.execPath, [bin, 'unpack', '--help'], {
    env: cleanEnvironment(),
    encoding: 'utf8',
  });
  t.regex(text, /strict unpacker/);
  rmSync(folder, { recursive: true });
});

test('the command line runs on Node 22, too, without another Node', async t => {
  const node = findNodeFor('nodejs22.x');
  if (node === undefined) {
    t.log('SKIPPED: no Node 22 on this machine, and npm gives none');
    t.pass();
    return;
  }
  const project = await makeProject({ service: 'older' });
  const artifacts = path.join(project, '.layer-builder', 'artifacts');
  const zip = path.join(artifacts, readdirSync(artifacts)[0] ?? '');
  const bin = path.join(root, 'layer-builder', 'bin.js');
  for (const argv of [
    ['inspect', zip],
    ['unpack', zip, '--into', path.join(project, 'unpacked')],
  ]) {
    const run = spawnSync(node, [bin, ...argv, '--json'], { env: cleanEnvironment(), encoding: 'utf8' });
    t.is(run.status, 0, run.stdout + run.stderr);
    t.notThrows(() => JSON.parse(run.stdout));
  }
});

const oldNode = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .map(folder => path.join(folder, 'node'))
  .find(
    node => existsSync(node) && /^v(?:1\d|2[01])\./.test(execFileSync(node, ['-v'], { encoding: 'utf8' })),
  );

function skip(t: ExecutionContext) {
  t.log('SKIPPED: no Node older than 22 on the PATH');
  t.pass();
}

test('the shim hands over to the Node of the project where the PATH has one that is too old, status and all', t => {
  if (oldNode === undefined) return skip(t);
  const bin = path.join(root, 'layer-builder', 'bin.js');
  const run = spawnSync(oldNode, [bin, 'pulbish', '--json'], { env: cleanEnvironment(), encoding: 'utf8' });
  t.is(JSON.parse(run.stdout).error.code, 'USAGE');
  t.is(run.status, 2);
});

test('the shim passes SIGTERM on and ends as the command does; local says what an old aws needs', async t => {
  if (oldNode === undefined) return skip(t);
  const data = mkdtempSync(path.join(tmpdir(), 'layer-builder-local-'));
  const bin = path.join(root, 'layer-builder', 'bin.js');
  const argv = [bin, 'local', '--port', '0', '--url-port', '0', '--data', data];
  const child = spawn(oldNode, argv, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data');
  t.regex(String(said), /^ {2}alias aws='aws --endpoint-url http:\/\/127\.0\.0\.1:\d+'$/m);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  t.deepEqual(await ended, [0, null]);
  rmSync(data, { recursive: true });
});

test('the shim says what is missing where no Node that will do can be found', t => {
  if (oldNode === undefined) return skip(t);
  const folder = mkdtempSync(path.join(tmpdir(), 'layer-builder-old-'));
  cpSync(path.join(root, 'layer-builder', 'bin.js'), path.join(folder, 'bin.mjs'));
  const bin = path.join(folder, 'bin.mjs');
  const run = spawnSync(oldNode, [bin, 'plan'], { cwd: folder, env: cleanEnvironment(), encoding: 'utf8' });
  t.regex(run.stderr, /^error NODE_TOO_OLD: .*\(expected 22\.18 or later, found \d+/);
  t.is(run.status, 1);
  rmSync(folder, { recursive: true });
});
