/** The measured process of bench/digest-memory.ts: the service alone, one request, its own peak. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.ts';

const [, , , gitHub = '', path = ''] = process.argv;
const environment = {
  FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
  FAST_API__AUTH__API_KEY__VALUE: 'key-of-the-measurement',
  GITHUB_API_URL: gitHub,
};
const app = createApp({ environment });
const server = createServer(app.callback());
server.listen(0, '127.0.0.1', async () => {
  // Everything the request needs is loaded and has run once, so that idle is idle.
  await request('/github-digest/markdown?owner=warm&name=up');
  const idle = process.memoryUsage.rss();
  resetPeak();
  const start = performance.now();
  const { status, bytes } = await request(path);
  const ms = Math.round(performance.now() - start);
  const peak = readPeak();
  process.send?.({ status, bytes, idle, peak, ms }, () => process.exit(0));
});

/** `getrusage` would tell the peak of the process that forked this one, if that was larger. */
function readPeak(): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** https://docs.kernel.org/filesystems/proc.html: 5 sets the peak back to what is in use now. */
function resetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5');
}

/** Counts the bytes and keeps none: the client is in the same process. */
function request(target: string): Promise<{ status: number; bytes: number }> {
  const { port } = server.address() as AddressInfo;
  const headers = { 'x-api-key': environment.FAST_API__AUTH__API_KEY__VALUE };
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: target, headers }, res => {
      let bytes = 0;
      res.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, bytes }));
    }).on('error', reject);
  });
}
