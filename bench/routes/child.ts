/** One first request in a process of its own: `child.ts BUNDLE PATH lazy|eager layer|s3 OTHERS`. Prints what it took and loaded. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, get, type IncomingMessage } from 'node:http';
import { registerHooks } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseLock } from '../../artifact/lock.ts';
import { readSettings } from '../../handler/environment.ts';
import { resolveDependencies } from '../../handler/loader.ts';

const [bundle = '', path = '', mode = 'lazy', source = 'layer', others = ''] = process.argv.slice(2);
const key = 'key-of-the-measurement';
const environment = {
  FAST_API__AUTH__API_KEY__NAME: 'x-api-key',
  FAST_API__AUTH__API_KEY__VALUE: key,
  GITHUB_API_URL: others,
};
const lock = parseLock(readFileSync(join(bundle, 'lock.json'), 'utf8'));
const settings = readSettings({
  ...{
    DEPS_SOURCE: source,
    DEPS_LAYER_ROOT: join(bundle, 'opt'),
    DEPS_DIR: mkdtempSync(join(bundle, 'deps-')),
  },
  ...{ AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_S3: others },
  ...{ AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' },
});
// The handler's own code is there before the app's; it is TypeScript here and bundled where it is deployed.
await import('../../handler/fetch.ts');
const dependencies = await resolveDependencies(lock, settings);
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
const server = createServer(createApp({ environment, dependencies, write: () => {} }).callback()).listen(
  0,
  '127.0.0.1',
);
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
  'artifact kB': lock.artifacts.reduce((sum, { name, size }) => sum + (isLoaded(name) ? size : 0), 0) / 1000,
  'modules of Node': list().length - before,
};
process.stdout.write(JSON.stringify(result));
process.exit(0);

function isLoaded(name: string): boolean {
  return dependencies.artifacts.some(artifact => artifact.name === name);
}

/** Node's own modules that are loaded: undocumented, and what Node's own tests read. */
function list(): readonly string[] {
  return (process as unknown as { moduleLoadList: readonly string[] }).moduleLoadList;
}
