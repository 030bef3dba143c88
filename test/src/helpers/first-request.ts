/** Run as a process: serves one request and prints which of our files and of Node's own modules that took. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { registerHooks } from 'node:module';
import { type AddressInfo, connect } from 'node:net';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});

// The builder's bundle takes node:http without its getters; here the plain import reads them, so only ours are traced.
const touched: string[] = [];
for (const name of ['fetch', 'Response', 'Request', 'Headers', 'FormData', 'WebSocket', 'EventSource']) {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
  if (descriptor === undefined) continue;
  const get = () => {
    touched.push(name);
    return descriptor.get ? descriptor.get.call(globalThis) : descriptor.value;
  };
  Object.defineProperty(globalThis, name, { configurable: true, get });
}

const { createApp } = await import('../../../src/app.ts');
const environment = { FAST_API__AUTH__API_KEY__NAME: 'x-api-key', FAST_API__AUTH__API_KEY__VALUE: 'the-key' };
const server = createServer(createApp({ environment }).callback()).listen(0, '127.0.0.1');
await once(server, 'listening');
const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
socket.end('GET /info/version HTTP/1.1\r\nhost: x\r\nx-api-key: the-key\r\nconnection: close\r\n\r\n');
const answer = Buffer.concat(await socket.toArray()).toString();
server.close();
const src = loaded.flatMap(url => /\/src\/(.+)$/.exec(url)?.[1] ?? []);
const packages = loaded.flatMap(url => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
process.stdout.write(
  JSON.stringify({ status: answer.slice(9, 12), src, packages: [...new Set(packages)], touched }),
);
