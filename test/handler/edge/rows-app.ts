/** The app of the rows, in Koa. */
import { Readable } from 'node:stream';
import type Koa from 'koa';
import { png, zstd } from './rows.ts';
import { koaApp } from './support.ts';

/** Reads the body as a stream, the one way that every adapter has. */
export function rowsApp(): Koa {
  const app = koaApp(async context => {
    switch (context.path) {
      case '/png':
        context.type = 'image/png';
        context.body = png;
        return;
      case '/zstd':
        context.type = 'text/plain';
        context.set('content-encoding', 'zstd');
        context.body = zstd;
        return;
      case '/cookies':
        context.append('set-cookie', 'a=1');
        context.append('set-cookie', 'b=2');
        context.body = 'ok';
        return;
      case '/broken':
        context.type = 'text/plain';
        context.body = Readable.from(brokenPieces());
        return;
      default: {
        const { method, url, headers } = context.req;
        const chunks: Buffer[] = [];
        for await (const chunk of context.req) chunks.push(chunk as Buffer);
        context.type = 'json';
        context.body = JSON.stringify({
          method,
          url,
          headers,
          body: Buffer.concat(chunks).toString('base64'),
        });
      }
    }
  });
  app.silent = true;
  return app;
}

/** Some bytes, then a failure. */
export async function* brokenPieces(): AsyncGenerator<string> {
  yield 'the first half, ';
  throw new Error('the source of the stream failed');
}
