/** R7: which exports of an app module serve requests, and how. */
import type { ServerResponse } from 'node:http';
import { createServer, IncomingMessage } from 'node:http';
import test from 'ava';
import Koa from 'koa';
import type { LoadedApp } from '../../../handler/app.ts';
import { listenerOf, loadApp } from '../../../handler/app.ts';
import type { AppRequest } from '../../../handler/edge/incoming.ts';
import { eventOf } from './events.ts';
import { createTestEdge, textOf } from './support.ts';

function moduleOf(source: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

function load(source: string, context: unknown = {}): Promise<LoadedApp> {
  return loadApp(moduleOf(source), context, () => {});
}

const served = [
  'export function createApp(context) { return (q, s) => s.end(context.word) }',
  'export async function createApp({ word }) { return { handle: (q, s) => s.end(word) } }',
  'export default (q, s) => s.end("hello")',
  'export const app = { callback: () => (q, s) => s.end("hello") }',
  'export const app = (q, s) => s.end("hello"); export const handler = 1',
  // what becomes of `module.exports = { app }`
  'export default { app: (q, s) => s.end("hello") }',
  'export default { createApp: ({ word }) => (q, s) => s.end(word) }',
] as const;

for (const source of served) {
  test(`served: ${source}`, async t => {
    const app = await load(source, { word: 'hello' });
    t.is(app.kind, 'http');
    if (app.kind !== 'http') return;
    const edge = await createTestEdge(app.listener);
    t.is(textOf(await edge.invoke(eventOf('http-v2'))), 'hello');
  });
}

for (const source of [
  'export const handler = async (event, context) => [event, context]',
  'export default { handler: async (event, context) => [event, context] }',
]) {
  test(`a plain handler is taken as it is: ${source}`, async t => {
    const app = await load(source);
    t.is(app.kind, 'plain');
    if (app.kind === 'plain') t.deepEqual(await app.handler(1, 2), [1, 2]);
  });
}

test('a module that serves nothing is APP_EXPORT and names what it exports', async t => {
  const error = await t.throwsAsync(load('export const router = 1'), { code: 'APP_EXPORT' });
  t.regex(error?.message ?? '', /found router/);
});

test('an app of no known kind is APP_EXPORT', async t => {
  await t.throwsAsync(load('export default 5'), { code: 'APP_EXPORT' });
});

test('a module or a factory that throws is APP_IMPORT with its cause', async t => {
  const thrown = await t.throwsAsync(load('throw new Error("at load")'), { code: 'APP_IMPORT' });
  t.is((thrown?.cause as Error | undefined)?.message, 'at load');
  await t.throwsAsync(load('export function createApp() { throw new Error("in the factory") }'), {
    code: 'APP_IMPORT',
  });
});

test('an http.Server serves through its request event', async t => {
  const server = createServer((_, response) => response.end('served'));
  const edge = await createTestEdge(await listenerOf(server, () => {}));
  t.is(textOf(await edge.invoke(eventOf('http-v2'))), 'served');
});

test('an app in the manner of Fastify is made ready and served through its server', async t => {
  let ready = false;
  const server = createServer((_, response) => response.end(String(ready)));
  const app = {
    server,
    ready: async () => {
      ready = true;
    },
  };
  const edge = await createTestEdge(await listenerOf(app, () => {}));
  t.is(textOf(await edge.invoke(eventOf('http-v2'))), 'true');
});

test('an app in the manner of Express, which changes the class of its requests, finds signal and body all the same', async t => {
  const request = Object.create(IncomingMessage.prototype) as object;
  const app = Object.assign(
    (incoming: AppRequest, response: ServerResponse) => {
      Object.setPrototypeOf(incoming, request);
      response.end(
        `${incoming.signal instanceof AbortSignal} ${incoming.signal.aborted} ${incoming.body} ${incoming.headersDistinct['x-a']}`,
      );
    },
    { request },
  );
  const edge = await createTestEdge(await listenerOf(app, () => {}));
  const answer = await edge.invoke(
    eventOf('http-v2', { method: 'POST', headers: { 'x-a': '1' }, body: 'sent' }),
  );
  t.is(textOf(answer), 'true false sent 1');
});

test("Koa's unexpected errors are told; what it means for the client is not", async t => {
  const told: unknown[] = [];
  const app = new Koa();
  await listenerOf(app, error => told.push(error));
  app.emit('error', Object.assign(new Error('not found'), { status: 404 }));
  app.emit('error', Object.assign(new Error('for the client'), { status: 422, expose: true }));
  const unforeseen = new Error('unforeseen');
  app.emit('error', unforeseen);
  t.deepEqual(told, [unforeseen]);
});
