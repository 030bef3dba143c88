/** One canonical request → the app, through serverless-http → the response as the app wrote it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import serverlessHttp from 'serverless-http';
import type { BodySink } from './capture.ts';
import { captureResponse } from './capture.ts';
import type { CanonicalRequest } from './request.ts';

/** What every Node framework boils down to. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** One request on its way through the app. */
export interface Exchange {
  readonly request: CanonicalRequest;
  readonly requestId: string;
  readonly event: unknown;
  readonly context: unknown;
  /** Fires 500 ms before the function's time-out, and when the client of a stream is gone. */
  readonly signal: () => AbortSignal;
  readonly sink: BodySink;
  /** The app's request and response, once it has them. */
  incoming?: AppRequest;
  response?: ServerResponse;
}

/** What an app finds on its request beside `node:http`'s own (docs/edge.md). */
export interface AppRequest extends IncomingMessage {
  /** The whole body; empty where there is none. */
  body: Buffer;
  readonly signal: AbortSignal;
  /** Set by the app: the route's template, e.g. `/users/:id`, for metrics and logs. */
  route?: unknown;
  apiGateway: { readonly event: unknown; readonly context: unknown };
}

/** Sends an exchange through the app; settles when the response is complete, rejects when it never will be. */
export type Serve = (exchange: Exchange) => Promise<void>;

/** Wraps an app once; the result serves any number of exchanges at the same time. */
export function createServe(listener: Listener): Serve {
  const serve = serverlessHttp(
    (incoming: AppRequest, response: ServerResponse) => {
      const pending = incoming.apiGateway as unknown as Pending;
      const { exchange, fail } = pending.context;
      prepareRequest(incoming, exchange);
      exchange.incoming = incoming;
      exchange.response = response;
      captureResponse(response, exchange.sink, fail);
      const result = listener(incoming, response);
      if (isThenable(result)) result.then(undefined, fail);
    },
    // the body is ours already: serverless-http has nothing to convert
    { binary: false, requestId: '' },
  );
  return exchange =>
    new Promise((resolve, reject) => {
      const { request } = exchange;
      serve(
        {
          version: '2.0',
          rawPath: '/',
          rawQueryString: '',
          headers: request.headers,
          body: request.body,
          requestContext: { http: { method: request.method, sourceIp: request.remoteAddress } },
        },
        { exchange, fail: reject },
      ).then(() => resolve(), reject);
    });
}

/** serverless-http hands its second argument on as `request.apiGateway.context`. */
interface Pending {
  readonly context: { readonly exchange: Exchange; readonly fail: (error: unknown) => void };
}

function prepareRequest(incoming: AppRequest, exchange: Exchange): void {
  const { request, event, context } = exchange;
  incoming.url = request.url;
  incoming.headers = request.headers;
  incoming.rawHeaders = [...request.rawHeaders];
  incoming.httpVersionMajor = 1;
  incoming.httpVersionMinor = 1;
  incoming.apiGateway = { event, context };
  // the gateways write this header themselves; without it the connection was theirs, and encrypted
  const encrypted = request.headers['x-forwarded-proto'] !== 'http';
  (incoming.socket as unknown as { encrypted: boolean }).encrypted = encrypted;
  Object.defineProperty(incoming, 'signal', { get: exchange.signal, configurable: true });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
