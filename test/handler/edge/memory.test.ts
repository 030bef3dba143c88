/** What a request allocates dies with it: nothing of it may reach the old generation, where only a full collection finds it. */
import v8 from 'node:v8';
import vm from 'node:vm';
import test from 'ava';
import { eventOf } from './events.ts';
import { createTestEdge, koaApp } from './support.ts';

const requests = 2000;
/** Bytes of one request that may stay: caches, compiled code, what the collector had in hand. One that is kept takes 4,000 and more. */
const perRequest = 1000;

test('a request leaves nothing behind for a full collection', async t => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as (options: { type: 'minor' }) => void;
  const edge = await createTestEdge(
    koaApp(context => {
      context.type = 'json';
      context.body = '{"hello":"world"}';
    }),
  );
  const serve = async () => {
    for (let request = 0; request < requests; request += 1) {
      await edge.invoke(eventOf('http-v2'));
      edge.lines.length = 0;
      await new Promise(setImmediate);
    }
    // the first moves what is alive, the second finds what that left
    collect({ type: 'minor' });
    collect({ type: 'minor' });
    return process.memoryUsage().heapUsed;
  };
  await serve();
  const before = await serve();
  const after = await serve();
  t.true(
    after - before < requests * perRequest,
    `${Math.round((after - before) / requests)} bytes a request`,
  );
});
