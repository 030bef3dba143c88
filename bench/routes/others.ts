/** A thread that plays GitHub and S3 for bench/routes.ts, whose own thread waits for its children. Tells its port. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { archiveOf } from '../../test/src/helpers/tar.ts';

const archive = archiveOf([{ path: 'README.md', content: '# sample\n' }]);
const artifact = readFileSync(workerData as string);
const server = createServer(({ url = '' }, res) => {
  if (url.startsWith('/artifacts/')) res.end(artifact);
  else res.end(url.includes('/commits/') ? '1'.repeat(40) : archive);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
parentPort?.postMessage((server.address() as AddressInfo).port);
