/** The HTTP Runtime API for one process: next, response, error, init error, streaming. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** 6 MB: the longest buffered response. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const responseLimit = 6 * 1024 * 1024;

/** One event for the runtime. */
export interface RuntimeEvent {
  readonly requestId: string;
  readonly functionArn: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly traceId: string;
  readonly clientContext?: string | undefined;
  readonly payload: Buffer;
}

/** What the runtime made of an event. `stream` arrives before the end; `ended` then says how it ended. */
export type RuntimeAnswer =
  | { readonly kind: 'response'; readonly body: Buffer }
  | { readonly kind: 'error'; readonly body: Buffer }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'stream'; readonly contentType: string; readonly body: IncomingMessage };

export interface RuntimeApi {
  /** `host:port` for AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Resolves when the runtime asks for its first event, or with the error it reports instead. */
  readonly initialised: Promise<{ readonly error?: Buffer }>;
  /** Hands an event over; resolves with the answer. One at a time. */
  deliver(event: RuntimeEvent): Promise<RuntimeAnswer>;
  /** Resolves when the runtime, having answered, asks for the next event; with its peak memory in KiB, 0 if unknown. */
  idle(): Promise<number>;
  /** Its peak memory in KiB when it last asked for an event: what is known of one that does not ask again. */
  peakKib(): number;
  close(): void;
}

const root = '/2018-06-01/runtime/';

/** Listens on a free port of 127.0.0.1. */
export async function openRuntimeApi(): Promise<RuntimeApi> {
  const init = Promise.withResolvers<{ error?: Buffer }>();
  let answer = Promise.withResolvers<RuntimeAnswer>();
  let idle = Promise.withResolvers<number>();
  let peakKib = 0;
  let waiting: ServerResponse | undefined;
  let event: RuntimeEvent | undefined;

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  // A runtime waits for its next event as long as it takes.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').slice(root.length);
    if (request.method === 'GET' && path === 'invocation/next') {
      request.resume();
      waiting = response;
      init.resolve({});
      peakKib = Number(request.headers['local-aws-peak-kib'] ?? 0);
      idle.resolve(peakKib);
      return;
    }
    if (request.method === 'POST' && path === 'init/error') {
      init.resolve({ error: await readAll(request) });
      return reply(response, 202);
    }
    const verb = /^invocation\/([\w-]+)\/(response|error)$/.exec(path);
    if (request.method !== 'POST' || !verb) return reply(response, 404);
    if (verb[1] !== event?.requestId) return reply(response, 400);
    if (request.headers['lambda-runtime-function-response-mode'] === 'streaming') {
      const contentType = request.headers['content-type'] ?? 'application/octet-stream';
      answer.resolve({ kind: 'stream', contentType, body: request });
      request.once('close', () => reply(response, 202));
      return;
    }
    const body = await readAll(request);
    if (verb[2] === 'response' && body.length > responseLimit) {
      answer.resolve({ kind: 'tooLarge' });
      return reply(response, 413);
    }
    answer.resolve({ kind: verb[2] === 'error' ? 'error' : 'response', body });
    reply(response, 202);
  }

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    initialised: init.promise,
    deliver(next) {
      answer = Promise.withResolvers();
      idle = Promise.withResolvers();
      event = next;
      waiting?.writeHead(200, eventHeaders(next)).end(next.payload);
      waiting = undefined;
      return answer.promise;
    },
    idle: () => idle.promise,
    peakKib: () => peakKib,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function eventHeaders(event: RuntimeEvent): Record<string, string | number> {
  return {
    'content-type': 'application/json',
    'content-length': event.payload.length,
    'lambda-runtime-aws-request-id': event.requestId,
    'lambda-runtime-deadline-ms': event.deadline,
    'lambda-runtime-invoked-function-arn': event.functionArn,
    'lambda-runtime-trace-id': event.traceId,
    ...(event.clientContext ? { 'lambda-runtime-client-context': event.clientContext } : {}),
  };
}

function reply(response: ServerResponse, status: number): void {
  const body = status < 300 ? '{"status":"OK"}\n' : '{"errorType":"InvalidRequest"}\n';
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
