/** An edge around an app of the test's own, as `handler/index.ts` makes it, with its lines kept. */
import zlib from 'node:zlib';
import Koa from 'koa';
import { listenerOf } from '../../../handler/app.ts';
import type { Answer } from '../../../handler/edge/answer.ts';
import type { HttpSource } from '../../../handler/edge/classify.ts';
import { classify } from '../../../handler/edge/classify.ts';
import { createEdge } from '../../../handler/edge/edge.ts';
import type { AppRequest } from '../../../handler/edge/incoming.ts';
import { startInit } from '../../../handler/edge/init.ts';
import { createReporter } from '../../../handler/edge/report.ts';
import type { Listener } from '../../../handler/edge/serve.ts';
import { createServe } from '../../../handler/edge/serve.ts';
import { readEdgeSettings } from '../../../handler/edge/settings.ts';
import { appFailed } from '../../../handler/edge/start.ts';
import type { AwsLambda } from '../../../handler/edge/streamed.ts';
import type { Logger } from '../../../handler/log.ts';
import { createLogger } from '../../../handler/log.ts';
import { refuseInputs } from './inputs.ts';
import { schemaProblems } from './schema.ts';

export interface TestEdge {
  /** Invokes, checks the lines for what the event carried and the answer against the schema of its source, and returns it. */
  readonly invoke: (event: unknown, context?: unknown) => Promise<Answer>;
  readonly stream: (lambda: AwsLambda) => (event: unknown, stream: never, context: unknown) => Promise<void>;
  /** What `createApp` gets as `context.log`. */
  readonly log: Logger['log'];
  /** Every line written so far. */
  readonly lines: string[];
  readonly records: () => Record<string, unknown>[];
}

export type KoaHandler = (context: Koa.Context & { req: AppRequest }) => unknown;

/** A context as the runtime client gives it. */
export function contextOf(remainingMs = 30_000): object {
  return {
    awsRequestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
    getRemainingTimeInMillis: () => remainingMs,
  };
}

export async function createTestEdge(app: unknown, env: NodeJS.ProcessEnv = {}): Promise<TestEdge> {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const settings = readEdgeSettings(env, 'demo');
  const logger = createLogger(settings, write);
  const reporter = createReporter(settings, logger.isEnabled('INFO'), write);
  const listener: Listener = await listenerOf(app, error => appFailed(error, logger));
  const init = await startInit({
    run: async () => ({
      app: { kind: 'http' as const, listener },
      serve: createServe(listener),
      serverTiming: 'core-choose;dur=1',
    }),
    onFailure: () => {},
    now: () => 0,
  });
  const edge = createEdge({ init, settings, logger, reporter });
  return {
    log: logger.log,
    lines,
    records: () => lines.map(line => JSON.parse(line) as Record<string, unknown>),
    stream: edge.stream as TestEdge['stream'],
    async invoke(event, context = contextOf()) {
      const before = structuredClone(event);
      const from = lines.length;
      const answer = (await edge.handler(event, context)) as Answer;
      refuseInputs(lines.slice(from).join(''), event);
      const verdict = classify(event);
      if (verdict.kind === 'http') {
        const problems = schemaProblems(verdict.source, answer, methodOf(verdict.source, event));
        if (problems.length > 0) throw new Error(`${verdict.source}: ${problems.join('; ')}`);
      }
      if (JSON.stringify(event) !== JSON.stringify(before)) throw new Error('the event was changed');
      return answer;
    },
  };
}

function methodOf(source: HttpSource, event: unknown): string {
  const { requestContext, httpMethod } = event as {
    readonly requestContext?: { readonly http?: { readonly method?: unknown } };
    readonly httpMethod?: unknown;
  };
  const isSecond = source === 'http-v2' || source === 'function-url';
  return String(isSecond ? requestContext?.http?.method : httpMethod);
}

/** A Koa app with one middleware. */
export function koaApp(handle: KoaHandler): Koa {
  const app = new Koa();
  app.use(context => handle(context as Koa.Context & { req: AppRequest }) as Promise<void>);
  return app;
}

/** Answers with what it was asked, as JSON. */
export const echo: KoaHandler = context => {
  const { method, url, headers, body, socket } = context.req;
  context.type = 'json';
  context.body = JSON.stringify({
    method,
    url,
    headers,
    distinct: context.req.headersDistinct,
    ip: socket.remoteAddress,
    body: body.toString('base64'),
  });
};

export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly distinct: Readonly<Record<string, readonly string[]>>;
  readonly ip?: string;
  /** Base64. */
  readonly body: string;
}

export function bytesOf(answer: Answer): Buffer {
  return Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8');
}

/** The content of an answer as a text, its encoding undone. */
export function textOf(answer: Answer): string {
  const bytes = bytesOf(answer);
  switch (headerOf(answer, 'content-encoding')) {
    case 'zstd':
      return zlib.zstdDecompressSync(bytes).toString();
    case 'br':
      return zlib.brotliDecompressSync(bytes).toString();
    case 'gzip':
      return zlib.gunzipSync(bytes).toString();
    default:
      return bytes.toString();
  }
}

/** What the `echo` app saw. */
export function seenBy(answer: Answer): Echo {
  return JSON.parse(textOf(answer)) as Echo;
}

/** One header of an answer, whichever schema it has. */
export function headerOf(answer: Answer, name: string): string | undefined {
  return answer.headers?.[name] ?? answer.multiValueHeaders?.[name]?.join(', ');
}

/** All cookies of an answer, whichever schema it has. */
export function cookiesOf(answer: Answer): string[] {
  const single = Object.entries(answer.headers ?? {}).filter(([name]) => name.toLowerCase() === 'set-cookie');
  return [
    ...(answer.cookies ?? []),
    ...(answer.multiValueHeaders?.['set-cookie'] ?? []),
    ...single.map(([, value]) => value),
  ];
}
