import { openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import Koa from 'koa';
import serverlessHttp from 'serverless-http';
import { start } from '/work/main/handler/edge/start.ts';
import { readSettings } from '/work/main/handler/environment.ts';

writeFileSync('/tmp/edge-scratch/fn/perf-app.mjs', '');
writeFileSync(
  '/tmp/edge-scratch/fn/app.mjs',
  `import Koa from '/work/main/node_modules/koa/lib/application.js';
export const app = new Koa(); app.use(ctx=>{ctx.type='json'; ctx.body='{"hello":"world","n":1}'});`,
);
const bareApp = new Koa();
bareApp.use(ctx => {
  ctx.type = 'json';
  ctx.body = '{"hello":"world","n":1}';
});
const bare = serverlessHttp(bareApp);
const mode = process.argv[2] ?? 'null';
const fd = openSync('/dev/null', 'w');
const write =
  mode === 'none'
    ? () => {}
    : mode === 'stdout'
      ? undefined
      : (l: string) => {
          writeSync(fd, l);
        };
const { handler } = await start({
  folder: '/tmp/edge-scratch/fn',
  env: {},
  readLock: () =>
    ({
      formatVersion: 1,
      service: 'demo',
      runtime: 'nodejs24.x',
      architecture: 'x86_64',
      artifacts: [],
    }) as never,
  readSettings,
  resolve: async () => ({
    artifacts: [],
    load: async () => {
      throw 1;
    },
  }),
  ...(write ? { write } : {}),
});
const text = readFileSync(
  process.argv[3] ?? '/work/shared/fixtures/events/bref/http/ag-v2-query-string.json',
  'utf8',
);
const ctx = { awsRequestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd', getRemainingTimeInMillis: () => 30000 };
const n = 4000,
  rounds = 10;
const samples: Record<string, number[]> = { bare: [], ours: [] };
async function run(name: string, h: (e: unknown, c: unknown) => Promise<unknown>, keep: boolean) {
  for (let i = 0; i < n; i++) {
    const e = JSON.parse(text);
    const t = process.hrtime.bigint();
    await h(e, ctx);
    const d = Number(process.hrtime.bigint() - t);
    if (keep) samples[name]!.push(d);
    await new Promise(setImmediate);
  }
}
for (let r = 0; r < rounds + 2; r++) {
  await run('bare', bare as never, r > 1);
  await run('ours', handler as never, r > 1);
}
for (const [k, v] of Object.entries(samples)) {
  v.sort((a, b) => a - b);
  process.stderr.write(
    `${k} p50 ${(v[v.length >> 1]! / 1000).toFixed(2)} p99 ${(v[Math.floor(v.length * 0.99)]! / 1000).toFixed(1)} µs\n`,
  );
}
