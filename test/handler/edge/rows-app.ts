/** The app of the rows, in Koa. */
import { Readable } from 'node:stream';
import type Koa from 'koa';
import { png, zstd } from './rows.ts';
import { echo, koaApp } from './support.ts';

export function rowsApp(): Koa {
  return koaApp(context => {
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
      default:
        return echo(context);
    }
  });
}

/** Some bytes, then a failure. */
export async function* brokenPieces(): AsyncGenerator<string> {
  yield 'the first half, ';
  throw new Error('the source of the stream failed');
}
