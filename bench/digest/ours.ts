/** One digest by a service that has just started: `ours.ts GITHUB OUTPUT`. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { createApp } from '../../src/app.ts';

const [gitHub = '', output = ''] = process.argv.slice(2);
const key = 'key-of-the-measurement';
const app = createApp({
  // A busy machine is no reason to give up here.
  limits: { deadline: 120_000 },
  environment: {
    FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
    FAST_API__AUTH__API_KEY__VALUE: key,
    GITHUB_API_URL: gitHub,
  },
});
const server = createServer(app.callback()).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const path = '/github-digest/markdown?owner=acme&name=sample&filter_starts_with=';
const [answer] = (await once(
  get({ host: '127.0.0.1', port, path, headers: { 'x-api-key': key } }),
  'response',
)) as [IncomingMessage];
if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${await answer.toArray()}`);
await pipeline(answer, createWriteStream(output));
process.exit(0);
