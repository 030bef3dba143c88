/** The programs that are timed: each starts from nothing and ends with the first answer of the service. */

/** What every driver calls: one GET of the service, as a function URL sends it. */
const call = `
const event = { version: '2.0', routeKey: '$default', rawPath: '/info/version', rawQueryString: '',
  headers: { host: 'bench', 'x-api-key': process.env.FAST_API__AUTH__API_KEY__VALUE },
  requestContext: { http: { method: 'GET', path: '/info/version', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
    domainName: 'bench', requestId: 'bench', stage: '$default', timeEpoch: Date.now() }, isBase64Encoded: false };
const context = { functionName: 'bench', awsRequestId: 'bench', getRemainingTimeInMillis: () => 30000 };
const answer = await handler(event, context);
process.stdout.write('ANSWER' + JSON.stringify({ status: answer.statusCode, rssMb: process.memoryUsage.rss() / 1e6 }) + '\\n');
process.exit(0);
`;

const serve = `
const { createApp } = await import('./app.mjs');
const serverless = (await import('serverless-http')).default;
const app = await createApp({ dependencies: { artifacts: [], load: async () => {} }, log: () => {}, metric: () => {} });
const handler = serverless(app);
`;

export const drivers = {
  /** Ours, both paths: the handler as it is deployed. */
  ours: `const { handler } = await import('./index.mjs');${call}`,
  /** The usual layer: raw node_modules where the app finds them, serverless-http as everybody uses it. */
  plain: `${serve}${call}`,
  /** The original's way: the SDK fetches the whole zip, unzipper extracts it, the module path is set, then the app. */
  original: `
import { symlinkSync } from 'node:fs';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import unzipper from 'unzipper';
const s3 = new S3Client({ forcePathStyle: true });
const object = await s3.send(new GetObjectCommand({ Bucket: process.env.BENCH_BUCKET, Key: process.env.BENCH_KEY }));
const archive = await unzipper.Open.buffer(Buffer.from(await object.Body.transformToByteArray()));
await archive.extract({ path: process.env.BENCH_INTO });
symlinkSync(process.env.BENCH_INTO + '/node_modules', new URL('./node_modules', import.meta.url));
${serve}${call}`,
  /** One minified file made by esbuild, its compile cache warm. */
  bundle: `
import { enableCompileCache } from 'node:module';
enableCompileCache(process.env.BENCH_CACHE);
const { createApp, serverless } = await import('./bundle.mjs');
const app = await createApp({ dependencies: { artifacts: [], load: async () => {} }, log: () => {}, metric: () => {} });
const handler = serverless(app);
${call}`,
  bare: `process.stdout.write('ANSWER' + JSON.stringify({ status: 200, rssMb: process.memoryUsage.rss() / 1e6 }) + '\\n');`,
} as const;
