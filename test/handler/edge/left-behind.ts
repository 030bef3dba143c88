/** How much of a request outlives it: what reaches the old generation is found by a full collection only. */
import v8 from 'node:v8';
import vm from 'node:vm';
import type { TestEdge } from './support.ts';

const requests = 2000;

/** Bytes that each of many requests leaves on the heap, once the young generation has been collected. */
export async function bytesLeftBehind(edge: TestEdge, event: () => unknown): Promise<number> {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as (options: { type: 'minor' }) => void;
  const serve = async () => {
    for (let request = 0; request < requests; request += 1) {
      const { statusCode } = await edge.invoke(event());
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
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
  return ((await serve()) - before) / requests;
}
