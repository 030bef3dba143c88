/** One first request in a process of its own: `child.ts BUNDLE PATH lazy|eager GITHUB`. Prints what it took and loaded. */
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { createServer, get, type IncomingMessage } from 'node:http';
import { registerHooks } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [bundle = '', path = '', mode = 'lazy', gitHub = ''] = process.argv.slice(2);
const key = 'key-of-the-measurement';
const environment = {
  FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
  FAST_API__AUTH__API_KEY__VALUE: key,
  GITHUB_API_URL: gitHub,
};
const own = new Set<string>();
registerHooks({
  load(url, context, next) {
    if (url.startsWith(pathToFileURL(bundle).href)) own.add(fileURLToPath(url));
    return next(url, context);
  },
});
const before = list().length;
const start = performance.now();
const { createApp } = (await import(
  pathToFileURL(join(bundle, 'app.mjs')).href
)) as typeof import('../../src/app.ts');
if (mode === 'eager') {
  const chunks = readdirSync(bundle).filter(name => name.startsWith('app-'));
  for (const chunk of chunks) await import(pathToFileURL(join(bundle, chunk)).href);
}
const server = createServer(createApp({ environment, write: () => {} }).callback()).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const [answer] = (await once(
  get({ host: '127.0.0.1', port, path, headers: { 'x-api-key': key } }),
  'response',
)) as [IncomingMessage];
await answer.toArray();
const ms = performance.now() - start;
const kilobytes = [...own].reduce((sum, file) => sum + statSync(file).size, 0) / 1_000;
const result = {
  status: answer.statusCode,
  ms,
  'own files': own.size,
  'own kB': kilobytes,
  'modules of Node': list().length - before,
};
process.stdout.write(JSON.stringify(result));
process.exit(0);

/** Node's own modules that are loaded: undocumented, and what Node's own tests read. */
function list(): readonly string[] {
  return (process as unknown as { moduleLoadList: readonly string[] }).moduleLoadList;
}
