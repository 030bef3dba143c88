/** A thread that plays GitHub for bench/routes.ts, whose own thread waits for its children. Tells its port. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { archiveOf } from '../../test/src/helpers/tar.ts';

const archive = archiveOf([{ path: 'README.md', content: '# sample\n' }]);
const server = createServer((req, res) => res.end(req.url?.includes('/commits/') ? '1'.repeat(40) : archive));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
parentPort?.postMessage((server.address() as AddressInfo).port);
