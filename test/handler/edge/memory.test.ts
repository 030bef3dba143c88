/** What a request allocates dies with it. */
import test from 'ava';
import { eventOf } from './events.ts';
import { bytesLeftBehind } from './left-behind.ts';
import { createTestEdge, koaApp } from './support.ts';

test('a request leaves nothing behind for a full collection', async t => {
  const edge = await createTestEdge(
    koaApp(context => {
      context.type = 'json';
      context.body = '{"hello":"world"}';
    }),
  );
  const bytes = await bytesLeftBehind(edge, () => eventOf('http-v2'));
  // caches, compiled code, what the collector had in hand: 170; a request that is kept: 4,000 and more
  t.true(bytes < 1000, `${Math.round(bytes)} bytes`);
});
