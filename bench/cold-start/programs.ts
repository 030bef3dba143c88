/** The function of each contender, `index.mjs` of its package: what runs from the start of Node to the first answer. */

/** serverless-http as everybody uses it, around the app that ours serves too. */
const serve = `
const app = await createApp({ dependencies: { artifacts: [], load: async () => {} }, log: () => {}, metric: () => {} });
export const handler = serverless(app);
`;

export const programs = {
  bare: `export const handler = async () => ({ statusCode: 200, body: 'bare' });\n`,

  /** The usual layer: the app finds raw node_modules, as on Lambda. */
  plain: `
import serverless from 'serverless-http';
import { createApp } from './app.mjs';
${serve}`,

  /** The original's way: the SDK fetches the whole zip, unzipper extracts it, the app is imported from there. */
  original: `
import { cpSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import unzipper from 'unzipper';
const into = process.env.BENCH_INTO ?? '/tmp/raw';
const s3 = new S3Client({ forcePathStyle: true });
const object = await s3.send(new GetObjectCommand({ Bucket: process.env.BENCH_BUCKET, Key: process.env.BENCH_KEY }));
const archive = await unzipper.Open.buffer(Buffer.from(await object.Body.transformToByteArray()));
await archive.extract({ path: into, concurrency: 16 });
const home = into + '/nodejs/';
for (const name of readdirSync(import.meta.dirname)) {
  if (name.startsWith('app')) cpSync(new URL(name, import.meta.url), home + name, { recursive: true });
}
const serverless = createRequire(home + 'app.mjs')('serverless-http');
const { createApp } = await import(home + 'app.mjs');
${serve}`,

  /** One minified file made by esbuild, its compile cache beside it, warmed by one start. */
  bundle: `
import { enableCompileCache } from 'node:module';
enableCompileCache({ directory: import.meta.dirname + '/cache', portable: true });
const { createApp, serverless } = await import('./bundle.mjs');
${serve}`,
} as const;

/** Starts a package's handler in this process, calls it once and says what came: without sandbox and runtime client. */
export const driver = `
const [, , index, event] = process.argv;
const { handler } = await import(index);
const context = { functionName: 'bench', awsRequestId: 'bench', getRemainingTimeInMillis: () => 30000 };
const answer = await handler(JSON.parse(event), context);
const { user, system } = process.cpuUsage();
process.stdout.write('ANSWER' + JSON.stringify({
  status: answer.statusCode, body: answer.body, rss: process.memoryUsage.rss(), cpu: user + system,
}) + '\\n');
process.exit(0);
`;

/** One GET, as a function URL sends it. */
export function eventOf(path: string): object {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'bench', 'x-api-key': 'bench-key' },
    requestContext: {
      http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      domainName: 'bench',
      requestId: 'bench',
      stage: '$default',
      timeEpoch: 1_700_000_000_000,
    },
    isBase64Encoded: false,
  };
}
