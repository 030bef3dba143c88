/**
 * The edge: microseconds of a warm request against serverless-http alone and other adapters, in one process by turns;
 * the rows that trip adapters; what a cold process spends on importing the edge; what is resident after many requests.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import serverlessHttp from 'serverless-http';
import { createApp } from '../src/app.ts';
import { eventOf } from '../test/handler/edge/events.ts';
import { contextOf } from '../test/handler/edge/support.ts';
import { makeAdapters } from './edge/adapters.ts';
import type { ColdFigure } from './edge/cold.ts';
import { measureCold } from './edge/cold.ts';
import type { MemoryFigure } from './edge/memory.ts';
import { measureMemory, memoryRequests } from './edge/memory.ts';
import type { Handler } from './edge/our-edge.ts';
import { makeEdge } from './edge/our-edge.ts';
import { headers, oneLine } from './edge/requests.ts';
import { makeTable } from './edge/table.ts';
import type { Bench, Result, Row } from './support/result.ts';
import { ratioOf } from './support/result.ts';
import type { Contender, Summary } from './support/statistics.ts';
import { interleave, summarise } from './support/statistics.ts';

const rounds = 90;
/** Requests of one run; a run answers its median and its 99th percentile. */
const requests = 400;

export const bench: Bench = { name: 'edge', run };

async function run(progress: (line: string) => void): Promise<Result> {
  const sink = openSync('/dev/null', 'w');
  const write = (line: string) => void writeSync(sink, line);
  try {
    const cold = await measureCold();
    const memory = await measureMemory();
    const table = await makeTable(await makeAdapters());
    const contenders = await makeContenders(write);
    const samples = await interleave(contenders, rounds, 15, progress);
    const rows = [...samples].map(
      ([contender, figures]): Row => ({
        contender,
        figures: Object.fromEntries(
          Object.entries(figures).map(([name, values]) => [name, summarise(values)]),
        ),
      }),
    );
    return report(rows, table.lines, cold, memory);
  } finally {
    closeSync(sink);
  }
}

function report(
  rows: readonly Row[],
  table: readonly string[],
  cold: Readonly<Record<ColdFigure, Summary>>,
  memory: Readonly<Record<MemoryFigure, Summary>>,
): Result {
  const worst = rows.find(row => row.contender === names.edge)?.figures['p99']?.median ?? Number.NaN;
  return {
    name: 'edge',
    title: 'The edge: a warm request',
    figure: 'p50',
    unit: 'µs',
    rows,
    targets: [
      {
        text: 'whole edge / serverless-http, reference service (p50)',
        ratio: ratioOf(rows, 'p50', names.serviceEdge, names.serviceBare),
        reach: 1.15,
      },
      {
        text: 'edge without its line / serverless-http, reference service (p50)',
        ratio: ratioOf(rows, 'p50', names.serviceSilent, names.serviceBare),
        reach: 1.15,
      },
      {
        text: 'whole edge / serverless-http, Koa app of one line (p50)',
        ratio: ratioOf(rows, 'p50', names.edge, names.bare),
        reach: 1.15,
      },
      {
        text: 'edge without its line / serverless-http, Koa app of one line (p50)',
        ratio: ratioOf(rows, 'p50', names.silent, names.bare),
        reach: 1.15,
      },
      {
        text: 'whole edge / serverless-http and such a line, Koa app of one line (p50)',
        ratio: ratioOf(rows, 'p50', names.edge, names.bareLine),
        reach: 1.15,
      },
      { text: 'p99 of the whole edge / 500 µs', ratio: worst / 500, reach: 1 },
      {
        text: `resident after ${memoryRequests} requests: whole edge / (Hono + 15 MB)`,
        ratio: memory.edge.median / (memory.Hono.median + 15),
        reach: 1,
      },
    ],
    notes: [
      `One run is ${requests} requests (format 2.0, nine headers, a JSON answer of 24 bytes; the reference service: \`GET /info/version\` with its key). Whole edge: with the line of log and metrics, written to /dev/null; of the others only the one "and such a line" writes one, the same fields by JSON.stringify. Each request has a turn of the event loop of its own, as an invocation has.`,
      '',
      `A cold process with the packaged handler, the smallest app and nothing to resolve: ${ms(cold.start)} until the first line of a module runs, ${ms(cold.import)} for the import with its init phase, ${ms(cold.first)} for the first request, ${ms(cold.second)} for the second (medians of ${cold.import.runs} processes).`,
      '',
      `Resident after ${memoryRequests} requests, each adapter in a process of its own: whole edge ${mb(memory.edge)}, serverless-http ${mb(memory['serverless-http'])}, Hono ${mb(memory.Hono)} (medians of ${memory.edge.runs}).`,
      '',
      'Rows that trip adapters, each adapter with its defaults:',
      '',
      ...table,
    ],
  };
}

function ms(summary: Summary): string {
  return `${summary.median.toFixed(1)} ms`;
}

function mb(summary: Summary): string {
  return `${summary.median.toFixed(0)} MB`;
}

const names = {
  edge: 'whole edge, one line',
  silent: 'edge without its line, one line',
  bare: 'serverless-http, one line',
  bareLine: 'serverless-http and such a line, one line',
  serviceEdge: 'whole edge, service',
  serviceSilent: 'edge without its line, service',
  serviceBare: 'serverless-http, service',
} as const;

async function makeContenders(write: (line: string) => void): Promise<Contender[]> {
  const small = eventOf('http-v2', { path: '/hello', headers });
  const environment = { FAST_API__AUTH__API_KEY__NAME: 'x-api-key', FAST_API__AUTH__API_KEY__VALUE: key };
  const service = () => createApp({ environment, write: () => {} });
  const info = eventOf('http-v2', { path: '/info/version', headers: { ...headers, 'x-api-key': key } });
  const peers = (await makeAdapters()).filter(
    ({ name }) => !['layer-builder', 'serverless-http'].includes(name),
  );
  const echo = eventOf('http-v2', { path: '/echo', headers });
  return [
    contender(names.edge, await makeEdge(oneLine(), write), small),
    contender(names.silent, await makeEdge(oneLine(), () => {}), small),
    contender(names.bare, serverlessHttp(oneLine()) as Handler, small),
    contender(names.bareLine, withLine(serverlessHttp(oneLine()) as Handler, write), small),
    contender(names.serviceEdge, await makeEdge(service(), write), info),
    contender(names.serviceSilent, await makeEdge(service(), () => {}), info),
    contender(names.serviceBare, serverlessHttp(service()) as Handler, info),
    ...peers.map(({ name, handler }) => contender(`${name}, echo`, handler, echo)),
  ];
}

const key = 'a-key-of-the-measurement';
/** What a service without an edge does for the same line: the fields as an object, written when the answer is there. */
function withLine(handler: Handler, write: (line: string) => void): Handler {
  const metric = (Name: string, Unit: string) => ({ Name, Unit });
  const metrics = [
    metric('requests', 'Count'),
    metric('duration_ms', 'Milliseconds'),
    metric('errors_4xx', 'Count'),
    metric('errors_5xx', 'Count'),
  ];
  const directive = { Namespace: 'bench', Dimensions: [['service', 'stage', 'route']], Metrics: metrics };
  return async (event, context) => {
    const started = performance.now();
    const answer = (await handler(event, context)) as { statusCode: number };
    const now = new Date();
    const record = {
      level: 'INFO',
      message: 'request',
      timestamp: now.toISOString(),
      function_request_id: (context as { awsRequestId: string }).awsRequestId,
      correlation_id: 'JKJaXmPLvHcESHA=',
      xray_trace_id: '1-ffffffff-ffffffffffffffffffffffff',
      cold_start: false,
      method: 'GET',
      source: 'http-v2',
      status: answer.statusCode,
      duration_ms: performance.now() - started,
      _aws: { Timestamp: now.getTime(), CloudWatchMetrics: [directive] },
      service: 'bench',
      stage: 'default',
      route: 'unmatched',
      requests: 1,
      errors_4xx: 0,
      errors_5xx: 0,
    };
    write(`${JSON.stringify(record)}\n`);
    return answer;
  };
}

function contender(name: string, handler: Handler, event: object): Contender {
  const text = JSON.stringify(event);
  const context = contextOf();
  return {
    name,
    async run() {
      const samples: number[] = [];
      for (let request = 0; request < requests; request += 1) {
        // as the runtime client does: an event of its own for each invocation
        const fresh: unknown = JSON.parse(text);
        const started = process.hrtime.bigint();
        const answer = await handler(fresh, context);
        samples.push(Number(process.hrtime.bigint() - started) / 1000);
        if ((answer as { statusCode?: unknown }).statusCode !== 200)
          throw new Error(`${name} did not answer 200`);
        await new Promise(setImmediate);
      }
      samples.sort((a, b) => a - b);
      const at = (share: number) => samples[Math.floor(samples.length * share)] ?? Number.NaN;
      return { p50: at(0.5), p99: at(0.99) };
    },
  };
}
