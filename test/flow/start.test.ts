/** `npm start` for the reference service: once, again, interrupted, and with its port taken. */
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { FunctionRun } from '../../layer-builder/start/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'start-'));
const project = path.join(folder, 'project');
const ports = ['--port', '0', '--url-port', '0', '--console-port', '0'];

test.before(() => {
  mkdirSync(project);
  for (const name of [
    'artifact',
    'handler',
    'src',
    'package.json',
    'package-lock.json',
    'layer-builder.config.ts',
  ]) {
    cpSync(path.join(root, name), path.join(project, name), { recursive: true });
  }
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...words: string[]): Promise<Run> {
  return new Promise(resolve => {
    const args = [path.join(root, 'start.ts'), '--project', project, ...words];
    execFile(process.execPath, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test.serial('once: both paths serve, and the document says what they took', async t => {
  const run = await start('--once', '--json', ...ports);
  t.is(run.status, 0, run.stdout + run.stderr);
  const document: { artifacts: unknown[]; functions: FunctionRun[]; served: boolean } = JSON.parse(
    run.stdout,
  );
  t.true(document.served);
  t.is(document.artifacts.length, 2);
  t.deepEqual(
    document.functions.map(({ name, source, status }) => [name, source, status]),
    [
      ['github-digest__dev', 'layer', 200],
      ['github-digest__dev-s3', 's3', 200],
    ],
  );
  const version = `v${JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version}`;
  for (const { body, coldStartMs, warmMs, phases, url } of document.functions) {
    t.deepEqual(body, { version });
    t.true(coldStartMs > 0 && warmMs > 0);
    t.true('choose' in phases && 'import' in phases, JSON.stringify(phases));
    t.regex(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  }
  t.true('download' in (document.functions[1]?.phases ?? {}), 'the S3 path downloads');
  t.false('download' in (document.functions[0]?.phases ?? {}), 'the layer path does not');
});

test.serial('the function package stays under 100 KB', t => {
  t.true(readFileSync(path.join(project, '.layer-builder/function.zip')).length < 100_000);
});

test.serial('again: nothing is published or deployed anew, and it says so', async t => {
  const run = await start('--once', ...ports);
  t.is(run.status, 0, run.stdout + run.stderr);
  t.regex(run.stdout, /nothing changed since the last build/);
  t.regex(run.stdout, /nothing to publish/);
  t.is(run.stdout.match(/nothing to change/g)?.length, 2);
  t.regex(run.stdout, /curl -H 'x-api-key: [\w-]+' http:/);
});

test.serial('interrupted while it serves: it ends, its ports are free, nothing is left running', async t => {
  const child = spawn(process.execPath, [path.join(root, 'start.ts'), '--project', project, ...ports]);
  let output = '';
  const serving = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', chunk => {
      output += chunk;
      if (output.includes('serving until Ctrl-C')) resolve();
    });
    child.on('close', () => reject(new Error(output)));
  });
  await serving;
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\/info\/version/.exec(output) ?? [];
  t.is((await fetch(url)).status, 401, 'it serves, and wants its key');
  const [page = ''] = /(?<=console {2})\S+/.exec(output) ?? [];
  const world = (await (await fetch(`${page}api/world`)).json()) as {
    functions: unknown[];
    invocations: unknown[];
  };
  t.is(world.functions.length, 2);
  t.is(world.invocations.length, 5);
  const urls = [...output.matchAll(/http:\/\/127\.0\.0\.1:\d+(?=\/info\/version)/g)].map(([found]) => found);
  t.is(urls.length, 2);
  for (const found of urls) {
    for (const path of ['/docs', '/docs/assets/docs.js']) {
      const answer = await fetch(found + path);
      t.is(answer.status, 200, `${found}${path}, from the lazy artifact`);
    }
  }
  const closed = new Promise<number | null>(resolve => child.on('close', resolve));
  child.kill('SIGINT');
  t.true([0, 130].includes((await closed) ?? -1));
  await t.throwsAsync(fetch(url), undefined, 'the port is still open');
  const mounts = process.platform === 'linux' ? readFileSync('/proc/mounts', 'utf8') : '';
  t.false(mounts.includes(folder), mounts);
});

for (const option of ['--port', '--url-port']) {
  test.serial(`a port that is taken is named together with ${option}`, async t => {
    const other = createServer();
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const data = path.join(folder, `taken${option}`);
    const words =
      option === '--port'
        ? ['--port', String(port), '--url-port', '0']
        : ['--port', '0', '--url-port', String(port)];
    const run = await start('--once', '--json', '--data', data, ...words);
    other.close();
    t.is(run.status, 1, run.stdout + run.stderr);
    const { error } = JSON.parse(run.stdout);
    t.is(error.code, 'PORT_TAKEN');
    t.regex(error.message, new RegExp(`${port}`));
    t.regex(error.hint, new RegExp(`${option}\\b`));
  });
}

test.serial(
  'a function that does not serve: exit status 1, and the document says what it answered',
  async t => {
    appendFileSync(path.join(project, 'src/app.ts'), "\nthrow new Error('does not start');\n");
    const run = await start('--once', '--json', ...ports);
    t.is(run.status, 1, run.stdout + run.stderr);
    const document: { functions: FunctionRun[]; served: boolean } = JSON.parse(run.stdout);
    t.false(document.served);
    for (const { status, body } of document.functions) {
      t.is(status, 503);
      t.like(body, { code: 'APP_IMPORT' });
    }
  },
);
