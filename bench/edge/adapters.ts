/** The app of the rows (test/handler/edge/rows.ts) behind each adapter, as each one's manual says, with its defaults. */
import { Router } from '@aws-lambda-powertools/event-handler/http';
import { configure } from '@codegenie/serverless-express';
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import serverlessHttp from 'serverless-http';
import { png, zstd } from '../../test/handler/edge/rows.ts';
import { brokenPieces, rowsApp } from '../../test/handler/edge/rows-app.ts';
import type { Handler } from './our-edge.ts';
import { makeEdge } from './our-edge.ts';

export interface Adapter {
  readonly name: string;
  readonly handler: Handler;
}

/** Every adapter with the app of the rows. */
export async function makeAdapters(): Promise<readonly Adapter[]> {
  return [
    { name: 'layer-builder', handler: await makeEdge(rowsApp(), () => {}) },
    { name: 'serverless-http', handler: serverlessHttp(rowsApp()) as Handler },
    { name: 'Hono', handler: handle(honoApp()) as unknown as Handler },
    { name: 'Powertools', handler: makePowertools() },
    {
      name: 'serverless-express',
      handler: configure({ app: rowsApp() as never, log: silent }) as unknown as Handler,
    },
  ];
}

/** serverless-express writes a line an error to the console unless it is told not to. */
const nothing = () => {};
const silent = {
  error: nothing,
  warn: nothing,
  info: nothing,
  verbose: nothing,
  debug: nothing,
  silly: nothing,
} as never;

function honoApp(): Hono {
  const app = new Hono();
  app.get('/png', context => context.body(new Uint8Array(png), 200, { 'content-type': 'image/png' }));
  app.get('/zstd', context =>
    context.body(new Uint8Array(zstd), 200, { 'content-type': 'text/plain', 'content-encoding': 'zstd' }),
  );
  app.get('/cookies', context => {
    context.header('set-cookie', 'a=1', { append: true });
    context.header('set-cookie', 'b=2', { append: true });
    return context.text('ok');
  });
  app.get('/broken', context =>
    context.body(ReadableStream.from(brokenBytes()) as ReadableStream<Uint8Array>),
  );
  app.onError((_, context) => context.text('failed', 500));
  app.all('*', async context => context.json(await echoOf(context.req.raw)));
  return app;
}

function makePowertools(): Handler {
  const app = new Router({ logger: silent });
  app.get('/png', () => new Response(new Uint8Array(png), { headers: { 'content-type': 'image/png' } }));
  app.get(
    '/zstd',
    () =>
      new Response(new Uint8Array(zstd), {
        headers: { 'content-type': 'text/plain', 'content-encoding': 'zstd' },
      }),
  );
  app.get('/cookies', () => {
    const headers = new Headers();
    headers.append('set-cookie', 'a=1');
    headers.append('set-cookie', 'b=2');
    return new Response('ok', { headers });
  });
  app.get('/broken', () => new Response(ReadableStream.from(brokenBytes()) as ReadableStream<Uint8Array>));
  const echo = async ({ req }: { req: Request }) => JSON.parse(JSON.stringify(await echoOf(req)));
  app.get(/^\/echo.*$/, echo);
  app.post(/^\/echo.*$/, echo);
  return (event, context) => app.resolve(event, context as never);
}

async function echoOf(request: Request): Promise<object> {
  const { pathname, search } = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer()).toString('base64');
  return {
    method: request.method,
    url: `${pathname}${search}`,
    headers: Object.fromEntries(request.headers),
    body,
  };
}

async function* brokenBytes(): AsyncGenerator<Uint8Array> {
  for await (const piece of brokenPieces()) yield new TextEncoder().encode(piece);
}
