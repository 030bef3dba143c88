/** The measured process of bench/digest-memory.ts: the service alone. Tells its port, and for each message its memory. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.ts';

const [gitHub = '', key = ''] = process.argv.slice(2);
const app = createApp({
  readZip: async () => (await import('../../handler/zip/untrusted.ts')).readUntrusted,
  // A busy machine is no reason to give up here.
  limits: { deadline: 120_000 },
  environment: {
    FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
    FAST_API__AUTH__API_KEY__VALUE: key,
    GITHUB_API_URL: gitHub,
  },
  write: () => {},
});
const server = createServer(app.callback()).listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);

process.on('message', () => {
  const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1_024;
  // 5 sets the peak back to what is in use now: proc(5), clear_refs.
  writeFileSync('/proc/self/clear_refs', '5');
  process.send?.({ peak, now: process.memoryUsage.rss() / 1_048_576 });
});
