/** The request an app sees has no socket behind it: what apps do with one works all the same. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import test from 'ava';
import type { AppRequest } from '../../../handler/edge/incoming.ts';
import { eventOf } from './events.ts';
import { createTestEdge, textOf } from './support.ts';

const posted = eventOf('http-v2', { method: 'POST', body: 'sent' });

type Read = (request: AppRequest, response: ServerResponse) => Promise<unknown>;

const reads: readonly (readonly [name: string, read: Read, wanted: string])[] = [
  ['the body is consumed as a stream', async request => await buffer(request), 'sent'],
  [
    'the body is piped into the response',
    (request, response) => pipeline(request, response, { end: false }),
    'sent',
  ],
  [
    'the body is listened to',
    async request => {
      let seen = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
      });
      await once(request, 'end');
      return seen;
    },
    'sent',
  ],
  ['the body is never read', async () => 'unread', 'unread'],
  [
    'the request is given up, which closes it and its connection',
    async request => {
      request.destroy();
      await Promise.all([once(request, 'close'), once(request.socket, 'close')]);
      return `${request.aborted} ${request.socket.destroyed}`;
    },
    'true true',
  ],
  [
    'the connection is asked where it comes from, and told what there is no use for',
    async ({ socket }) => {
      socket.setTimeout(1).setNoDelay().setKeepAlive();
      return JSON.stringify([socket.remoteAddress, socket.address(), socket.destroyed]);
    },
    '["203.0.113.7",{"port":443},false]',
  ],
];

for (const [name, read, wanted] of reads) {
  test(name, async t => {
    const edge = await createTestEdge(async (request: AppRequest, response: ServerResponse) => {
      const text = await read(request, response);
      response.end(text instanceof Buffer || typeof text === 'string' ? text : undefined);
    });
    t.is(textOf(await edge.invoke(posted)), wanted);
  });
}

test('the response closes once it has finished, and what the app says right behind its end counts', async t => {
  const order: string[] = [];
  const edge = await createTestEdge((request: AppRequest, response: ServerResponse) => {
    response.on('finish', () => order.push('finish')).on('close', () => order.push('close'));
    void finished(response).then(() => order.push('finished'));
    response.end('ended');
    request.route = '/late';
  });
  t.is(textOf(await edge.invoke(posted)), 'ended');
  await new Promise(setImmediate);
  t.deepEqual(order, ['finish', 'close', 'finished']);
  t.is(edge.records()[0]?.['route'], '/late');
});

test('informational answers are left out, and a response is told what there is no use for', async t => {
  const edge = await createTestEdge((_: AppRequest, response: ServerResponse) => {
    response.writeContinue();
    response.writeProcessing();
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.setTimeout(1);
    response.socket?.setNoDelay(true);
    response.socket?.setKeepAlive(true);
    response.statusCode = 201;
    response.end('made');
  });
  const answer = await edge.invoke(posted);
  t.deepEqual([answer.statusCode, textOf(answer)], [201, 'made']);
});

test('an app that writes after the end keeps its answer, and the process lives', async t => {
  const edge = await createTestEdge((_: AppRequest, response: ServerResponse) => {
    response.end('ended');
    response.write('and on');
  });
  t.is(textOf(await edge.invoke(posted)), 'ended');
  await new Promise(setImmediate);
  t.is(edge.lines.length, 1);
});
