/** The packaged handler in a process of its own: cold start, failures, recovery. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Lock } from '../../../artifact/lock.ts';
import { formatLock } from '../../../artifact/lock.ts';
import { bundleHandler } from '../../../layer-builder/package/handler.ts';
import { eventOf } from '../edge/events.ts';

const root = mkdtempSync(path.join(tmpdir(), 'handler-index-'));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

let bundle: Awaited<ReturnType<typeof bundleHandler>> = [];
test.before(async () => {
  bundle = await bundleHandler();
});
const digest = `sha256:${'a'.repeat(64)}` as const;
const tree = `sha256:${'b'.repeat(64)}` as const;
const [major] = process.versions.node.split('.');
const runtime = major === '22' ? 'nodejs22.x' : 'nodejs24.x';
const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
const lock: Lock = {
  formatVersion: 1,
  service: 'demo',
  runtime,
  architecture,
  artifacts: [
    {
      name: 'core',
      load: 'eager',
      digest,
      tree,
      size: 1000,
      unpackedSize: 2000,
      files: 1,
      packages: [],
      s3: { key: `sha256/${'a'.repeat(64)}.zip` },
      published: { 'us-east-1': { bucket: 'secret-bucket' } },
    },
  ],
};
const marker = JSON.stringify({ formatVersion: 1, name: 'core', tree, runtime, architecture });
const app = `
  import { createRequire } from 'node:module';
  export function createApp({ dependencies, log }) {
    return (request, response) => {
      if (request.url === '/log') log('INFO', 'from the app', { n: 1 });
      request.route = '/route/:id';
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ url: request.url, source: dependencies.artifacts[0]?.source }));
    };
  }`;

type Outcome = Readonly<Record<string, unknown>> & {
  readonly statusCode?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

interface Run {
  readonly outcomes: readonly Outcome[];
  readonly lines: readonly Record<string, unknown>[];
  readonly stdout: string;
  readonly stderr: string;
}

let count = 0;

/** Writes a function package, starts a process with it and takes the steps of driver.mjs. */
async function run(
  files: Readonly<Record<string, string>>,
  steps: (folders: { task: string; opt: string }) => readonly object[],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  count += 1;
  const task = path.join(root, `task-${count}`);
  const opt = path.join(root, `opt-${count}`);
  for (const file of bundle) write(path.join(task, file.path), file.bytes);
  for (const [name, text] of Object.entries(files))
    write(
      path.join(name.startsWith('opt/') ? path.dirname(opt) : task, name.replace(/^opt\//, `opt-${count}/`)),
      text,
    );
  const driver = fileURLToPath(new URL('driver.mjs', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--no-experimental-require-module',
      driver,
      path.join(task, 'index.mjs'),
      JSON.stringify(steps({ task, opt })),
    ],
    {
      cwd: task,
      env: {
        DEPS_SOURCE: 'layer',
        DEPS_LAYER_ROOT: opt,
        DEPS_DIR: path.join(root, `deps-${count}`),
        LAMBDA_TASK_ROOT: task,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  const collected = ['', '', ''];
  for (const [index, fd] of [1, 2, 3].entries()) {
    child.stdio[fd]?.on('data', (chunk: Buffer) => {
      collected[index] += chunk.toString();
    });
  }
  await new Promise(resolve => child.once('close', resolve));
  const [stdout = '', stderr = '', result = ''] = collected;
  if (result === '') throw new Error(`the process gave no outcome: ${stderr}`);
  return {
    outcomes: JSON.parse(result) as Outcome[],
    lines: stdout
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Record<string, unknown>),
    stdout,
    stderr,
  };
}

function write(file: string, content: string | Buffer): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const markerFile = 'opt/nodejs/.layer-builder/core.json';
const whole = { 'deps.lock.json': formatLock(lock), 'app.mjs': app, [markerFile]: marker };
const event = eventOf('function-url', { path: '/x' });

test('the init phase resolves, imports the app and tells its phases in one line and in the first answer', async t => {
  const { outcomes, lines, stderr } = await run(whole, () => [
    { event },
    { event: eventOf('function-url', { path: '/log' }) },
  ]);
  const [entry, first, second] = outcomes;
  t.is(stderr, '');
  t.deepEqual(entry, { parameters: 2, stream: 'undefined' });
  t.is(first?.statusCode, 200);
  t.deepEqual(JSON.parse(first?.body ?? ''), { url: '/x', source: 'layer' });
  t.regex(
    first?.headers?.['server-timing'] ?? '',
    /^core-choose;dur=[\d.]+.*app-import;dur=[\d.]+, init;dur=[\d.]+$/,
  );
  t.is(second?.headers?.['server-timing'], undefined);
  const [cold, request, own, last] = lines;
  t.like(cold, {
    level: 'INFO',
    message: 'cold start',
    service: 'demo',
    initialization: 'on-demand',
    cold_start: true,
    cold_starts: 1,
  });
  t.deepEqual(
    ((cold?.['artifacts'] ?? []) as { name: string; source: string }[]).map(({ name, source }) => [
      name,
      source,
    ]),
    [['core', 'layer']],
  );
  t.is(typeof (cold?.['phases'] as { app?: { import?: number } } | undefined)?.app?.import, 'number');
  t.like(request, {
    message: 'request',
    cold_start: true,
    route: '/route/:id',
    status: 200,
    function_request_id: 'f0e1d2c3',
  });
  t.like(own, {
    message: 'from the app',
    n: 1,
    correlation_id: 'JKJaXmPLvHcESHA=',
    function_request_id: 'f0e1d2c3',
  });
  t.like(last, { message: 'request', cold_start: false });
});

test('V8 may take its caches before any of Node’s modules is asked for', t => {
  const textOf = (name: string) => bundle.find(file => file.path === name)?.bytes.toString() ?? '';
  const own = textOf('index.mjs');
  const before = [...own.matchAll(/from"\.\/(handler\/[^"]+)"/g)].map(([, name = '']) => textOf(name));
  const asked = [...before, own].join('').matchAll(/getBuiltinModule\(.(node:\w+).\)([^;,]*)/g);
  const [[, name, call] = []] = asked;
  t.deepEqual([name, call], ['node:v8', '.setFlagsFromString(`--no-expose-gc`)']);
});

test('an init that cannot resolve answers 503 with the code alone, and recovers without a redeploy', async t => {
  const { [markerFile]: _, ...files } = whole;
  const { outcomes, lines } = await run(files, ({ opt }) => [
    { event },
    { event: {} },
    { event: { Records: [{ eventSource: 'aws:sqs' }] } },
    { folder: path.join(opt, 'nodejs/.layer-builder') },
    { file: [path.join(opt, 'nodejs/.layer-builder/core.json'), marker] },
    { event },
    { pass: 2000 },
    { all: [event, event] },
  ]);
  const [, failed, direct, batch, early, late] = outcomes;
  t.is(failed?.statusCode, 503);
  t.is(failed?.headers?.['retry-after'], '1');
  t.is(failed?.headers?.['x-request-id'], 'JKJaXmPLvHcESHA=');
  const body = JSON.parse(failed?.body ?? '') as Record<string, unknown>;
  t.deepEqual(Object.keys(body).sort(), ['code', 'detail', 'request_id']);
  t.regex(String(body['code']), /^DEPS_[A-Z_]+$/);
  t.notRegex(JSON.stringify(failed), /secret-bucket|sha256|opt-|handler-index/);
  t.is(direct?.statusCode, 400);
  t.deepEqual(batch, { thrown: 'EVENT_NOT_HTTP' });
  t.is(early?.statusCode, 503, 'the back-off is not over');
  t.deepEqual(
    (late as unknown as Outcome[]).map(answer => answer.statusCode),
    [200, 200],
  );
  const [log] = lines;
  t.like(log, { level: 'ERROR', message: 'init failed', attempt: 1 });
  t.is(lines.filter(line => line['message'] === 'cold start').length, 1);
});

test('without a lock every request is answered 503 and the log says what to do', async t => {
  const { outcomes, lines } = await run({ 'app.mjs': app }, () => [{ event }]);
  t.is(outcomes[1]?.statusCode, 503);
  t.is((JSON.parse(outcomes[1]?.body ?? '') as Record<string, unknown>)['code'], 'LOCK_MISSING');
  t.regex(JSON.stringify(lines[0]), /layer-builder package/);
});

test('an app that cannot be loaded is answered 503 and loaded anew once it can', async t => {
  const broken = { ...whole, 'app.mjs': 'throw new Error("no configuration")' };
  const { outcomes, lines } = await run(broken, ({ task }) => [
    { event },
    { file: [path.join(task, 'app.mjs'), app] },
    { pass: 2000 },
    { event },
  ]);
  t.is(outcomes[1]?.statusCode, 503);
  t.is((JSON.parse(outcomes[1]?.body ?? '') as Record<string, unknown>)['code'], 'APP_IMPORT');
  t.notRegex(outcomes[1]?.body ?? '', /configuration/);
  t.regex(JSON.stringify(lines[0]), /no configuration/);
  t.is(outcomes[2]?.statusCode, 200);
});

test('provisioned concurrency is no cold start', async t => {
  const { lines } = await run(whole, () => [{ event }], {
    AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency',
  });
  t.like(lines[0], { message: 'initialized ahead of time', cold_start: false, provisioned_starts: 1 });
  t.is(lines[0]?.['cold_starts'], undefined);
  t.like(lines[1], { message: 'request', cold_start: false });
});

test('a plain handler gets every event as it is, batches too', async t => {
  const files = { ...whole, 'app.mjs': 'export const handler = async event => ({ got: event })' };
  const batch = { Records: [{ eventSource: 'aws:sqs' }] };
  const { outcomes } = await run(files, () => [{ event: batch }, { event: {} }]);
  t.deepEqual(outcomes.slice(1), [{ got: batch }, { got: {} }]);
});
