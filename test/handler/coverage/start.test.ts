/** The init phase from its sources, in one process with the test: R1 to R7, their lines, failure, recovery, streaming. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { formatLock } from '../../../artifact/lock.ts';
import type { Answer } from '../../../handler/edge/answer.ts';
import { start } from '../../../handler/edge/start.ts';
import type { AwsLambda, StreamHandler, StreamHead } from '../../../handler/edge/streamed.ts';
import { readSettings } from '../../../handler/environment.ts';
import { resolveDependencies } from '../../../handler/loader.ts';
import { readLock } from '../../../handler/lock.ts';
import { lockOf, makeArtifact, smallPackage } from '../../support/artifact.ts';
import { eventOf } from '../edge/events.ts';
import { contextOf } from '../edge/support.ts';

/** Back-offs pass without waiting: the monotonic clock is moved on. */
let ahead = 0;
const { hrtime } = process;
const moved = (): [number, number] => {
  const [seconds, nanoseconds] = hrtime();
  return [seconds + ahead / 1000, nanoseconds];
};
process.hrtime = Object.assign(moved, hrtime);

const app = `export function createApp({ dependencies, log, metric }) {
  return (request, response) => {
    log('INFO', 'from the app');
    metric('answers', 1, 'Count', { kind: 'test' });
    metric('bytes', 2, 'Bytes');
    response.setHeader('content-type', 'text/plain');
    response.end(dependencies.artifacts.map(({ name, source }) => name + ' from ' + source).join());
  };
}`;
const lock = lockOf([]);
const event = eventOf('function-url', { path: '/x' });

/** What a function package holds, written to a folder and started as Lambda's runtime would. */
async function started(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = {},
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'handler-start-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const put = (name: string, text: string) => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  for (const [name, text] of Object.entries(files)) put(name, text);
  const lines: string[] = [];
  const places = {
    DEPS_DIR: path.join(folder, 'deps'),
    DEPS_LAYER_ROOT: path.join(folder, 'opt'),
    LAMBDA_TASK_ROOT: folder,
  };
  const { handler, stream } = await start({
    folder,
    env: { ...places, ...env },
    readLock,
    readSettings,
    resolve: resolveDependencies,
    awslambda: lambda,
    write: line => void lines.push(line),
  });
  return {
    put,
    lines,
    records: () => lines.map(line => JSON.parse(line) as Record<string, unknown>),
    ask: async (event: unknown) => (await handler(event, contextOf())) as Answer,
    streamed: async (event: unknown) => {
      const sink = new Sink();
      await (stream as StreamHandler)(event, sink, contextOf());
      return sink;
    },
  };
}

/** Keeps what a streaming handler sends. */
class Sink extends Writable {
  head: StreamHead | undefined;
  body = '';

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.body += chunk.toString();
    done();
  }
}

const lambda: AwsLambda = {
  streamifyResponse: handler => handler,
  HttpResponseStream: {
    from(stream, head) {
      (stream as Sink).head = head;
      return stream;
    },
  },
};

test('the init phase resolves the artifacts, gives them to the app and tells each phase once', async t => {
  const { artifact, files } = await makeArtifact(smallPackage);
  const layer = Object.fromEntries(files.map(file => [`opt/${file.path}`, file.content.toString()]));
  const { ask, records } = await started(
    t,
    { ...layer, 'deps.lock.json': formatLock(lockOf([artifact])), 'app.mjs': app },
    { DEPS_SOURCE: 'layer' },
  );
  const first = await ask(event);
  t.is(first.statusCode, 200);
  t.is(first.body, 'core from layer');
  t.regex(
    String(first.headers?.['server-timing']),
    /^core-choose;dur=[\d.]+.*app-import;dur=[\d.]+, init;dur=/,
  );
  t.is((await ask(event)).headers?.['server-timing'], undefined);
  const [cold, ...others] = records();
  t.like(cold, { message: 'cold start', cold_starts: 1, artifacts: [{ name: 'core', source: 'layer' }] });
  t.true(others.some(line => line['message'] === 'from the app'));
  t.true(others.some(line => line['answers'] === 1 && line['kind'] === 'test'));
  t.true(others.some(line => line['bytes'] === 2));
});

test('the line of a cold start is text where Lambda is told to write text, its metrics stay JSON', async t => {
  const { lines } = await started(
    t,
    { 'deps.lock.json': formatLock(lock), 'app.mjs': app },
    { AWS_LAMBDA_LOG_FORMAT: 'Text' },
  );
  t.is(lines.length, 2);
  t.regex(lines[0] ?? '', /INFO.*cold start/);
  t.is((JSON.parse(lines[1] ?? '') as Record<string, unknown>)['cold_starts'], 1);
});

test('at level WARN a cold start writes its metrics and nothing else', async t => {
  const { records } = await started(
    t,
    { 'deps.lock.json': formatLock(lock), 'app.mjs': app },
    { AWS_LAMBDA_LOG_LEVEL: 'WARN', AWS_LAMBDA_INITIALIZATION_TYPE: 'provisioned-concurrency' },
  );
  t.is(records().length, 1);
  t.like(records()[0], { provisioned_starts: 1 });
  t.is(records()[0]?.['message'], undefined);
});

test('a function without a lock answers 503 buffered and streamed, and serves once the lock is there', async t => {
  const { ask, streamed, put, records } = await started(t, { 'app.mjs': app });
  const failed = await ask(event);
  t.is(failed.statusCode, 503);
  t.is((JSON.parse(String(failed.body)) as Record<string, unknown>)['code'], 'LOCK_MISSING');
  const stream = await streamed(event);
  t.is(stream.head?.statusCode, 503);
  t.is((JSON.parse(stream.body) as Record<string, unknown>)['code'], 'LOCK_MISSING');
  t.is(stream.head?.headers['retry-after'], failed.headers?.['retry-after']);
  t.like(records()[0], { level: 'ERROR', message: 'init failed', attempt: 1, service: 'unknown' });
  put('deps.lock.json', formatLock(lock));
  ahead += 2000;
  t.is((await ask(event)).statusCode, 200);
  const again = await streamed(event);
  t.is(again.head?.statusCode, 200);
});

test('an app that failed to load is loaded anew under another address', async t => {
  const { ask, put } = await started(t, {
    'deps.lock.json': formatLock(lock),
    'app.mjs': 'throw new Error("no configuration")',
  });
  const failed = await ask(event);
  t.is(failed.statusCode, 503);
  t.notRegex(String(failed.body), /configuration/);
  put('app.mjs', app);
  ahead += 2000;
  t.is((await ask(event)).statusCode, 200);
});

test('an error of a Koa app is logged, and its answer is a 500 without the reason', async t => {
  const koa = new URL('../../../node_modules/koa/lib/application.js', import.meta.url).href;
  const { ask, records } = await started(t, {
    'deps.lock.json': formatLock(lock),
    'app.mjs': `import Koa from ${JSON.stringify(koa)};
      export const app = new Koa();
      app.use(() => { throw new Error('inside'); });`,
  });
  const answer = await ask(event);
  t.is(answer.statusCode, 500);
  t.notRegex(JSON.stringify(answer), /inside/);
  t.true(records().some(line => line['message'] === 'the app failed' && line['level'] === 'ERROR'));
});

test('a direct invoke is answered 400 and a ping 200, buffered and streamed', async t => {
  const { ask, streamed } = await started(t, { 'deps.lock.json': formatLock(lock), 'app.mjs': app });
  t.is((await ask({})).statusCode, 400);
  const sink = await streamed({});
  t.is(sink.head?.statusCode, 400);
  t.is(sink.body, '{"error":"Invalid Lambda event format"}');
  await t.throwsAsync(async () => ask({ Records: [{ eventSource: 'aws:sqs' }] }), { code: 'EVENT_NOT_HTTP' });
});

test('a plain handler gets every event as it is, and cannot be asked for a stream', async t => {
  const { ask, streamed } = await started(t, {
    'deps.lock.json': formatLock(lock),
    'app.mjs': 'export const handler = async event => ({ got: event })',
  });
  const batch = { Records: [{ eventSource: 'aws:sqs' }] };
  t.deepEqual((await ask(batch)) as unknown, { got: batch });
  t.is((await streamed(event)).head?.statusCode, 500);
});

test('the entry exports a handler of two parameters, and without a lock beside it still answers', async t => {
  const at = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const steps = JSON.stringify([{ event }]);
  const child = spawn(process.execPath, [at('../index/driver.mjs'), at('../../../handler/index.ts'), steps], {
    env: { ...process.env, AWS_LAMBDA_LOG_LEVEL: 'ERROR' },
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const [lines, outcome] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stdio[3] as unknown as Readable),
  ]);
  t.like(JSON.parse(lines.split('\n')[0] ?? ''), { level: 'ERROR', message: 'init failed' });
  const [entry, answer] = JSON.parse(outcome) as Record<string, unknown>[];
  t.deepEqual(entry, { parameters: 2, stream: 'undefined' });
  t.is(answer?.['statusCode'], 503);
});
