/** The measured process of memory.ts: one adapter alone, so many requests, what is resident then. */
import { openSync, writeSync } from 'node:fs';
import { eventOf } from '../../test/handler/edge/events.ts';
import type { Handler } from './our-edge.ts';
import { headers, helloBody } from './requests.ts';

const [, , name = '', requests = '0'] = process.argv;

const adapters: Readonly<Record<string, () => Promise<Handler>>> = {
  async edge() {
    const [{ makeEdge }, { oneLine }] = await Promise.all([import('./our-edge.ts'), import('./requests.ts')]);
    const sink = openSync('/dev/null', 'w');
    return await makeEdge(oneLine(), line => void writeSync(sink, line));
  },
  async 'serverless-http'() {
    const [{ default: serverlessHttp }, { oneLine }] = await Promise.all([
      import('serverless-http'),
      import('./requests.ts'),
    ]);
    return serverlessHttp(oneLine()) as Handler;
  },
  async Hono() {
    const [{ Hono }, { handle }] = await Promise.all([import('hono'), import('hono/aws-lambda')]);
    const app = new Hono();
    app.get('/hello', context => context.body(helloBody, 200, { 'content-type': 'application/json' }));
    return handle(app) as unknown as Handler;
  },
};

const handler = await adapters[name]?.();
if (handler === undefined) throw new Error(`no adapter ${name}`);
const text = JSON.stringify(eventOf('http-v2', { path: '/hello', headers }));
const context = {
  awsRequestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
  getRemainingTimeInMillis: () => 30_000,
};
for (let request = 0; request < Number(requests); request += 1) {
  const answer = (await handler(JSON.parse(text), context)) as { readonly statusCode: number };
  if (answer.statusCode !== 200) throw new Error(`${name} answered ${answer.statusCode}`);
  // as an invocation has: the runtime client asks for the next one over a socket
  await new Promise(setImmediate);
}
process.stdout.write(String(process.memoryUsage.rss() / 1024 / 1024));
