/** One canonical request → the app, through serverless-http → the response as the app wrote it. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import serverlessHttp from 'serverless-http';
import type { BodySink } from './capture.ts';
import { captureResponse } from './capture.ts';
import type { CanonicalRequest } from './request.ts';

/** What every Node framework boils down to. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** One request on its way through the app. */
export interface Exchange {
  readonly request: CanonicalRequest;
  readonly event: unknown;
  readonly context: unknown;
  /** Fires 500 ms before the function's time-out, and when the client of a stream is gone. */
  readonly signal: () => AbortSignal;
  readonly sink: BodySink;
  /** The response is complete. */
  readonly done: (incoming: AppRequest, response: ServerResponse) => void;
  /** It never will be. */
  readonly fail: (error: unknown) => void;
}

/** What an app finds on its request beside `node:http`'s own (docs/edge.md). */
export interface AppRequest extends IncomingMessage {
  /** The whole body; empty where there is none. */
  body: Buffer;
  readonly signal: AbortSignal;
  /** Set by the app: the route's template, e.g. `/users/:id`, for metrics and logs. */
  route?: unknown;
  apiGateway: { readonly event: unknown; readonly context: unknown };
  /** The event's own. */
  requestContext: unknown;
  [exchangeKey]?: Exchange;
  [extended]?: boolean;
}

/** Sends an exchange through the app. Calls `done` or `fail` of the exchange, once. */
export type Serve = (exchange: Exchange) => void;

const exchangeKey: unique symbol = Symbol('exchange');
const extended: unique symbol = Symbol('extended');
const incomingKey: unique symbol = Symbol('incoming');

interface AppResponse extends ServerResponse {
  [incomingKey]?: AppRequest;
}

/** Wraps an app once; the result serves any number of exchanges at the same time. */
export function createServe(listener: Listener): Serve {
  const serve = serverlessHttp(
    (incoming: AppRequest, response: ServerResponse) => {
      const exchange = incoming.apiGateway.context as Exchange;
      prepareRequest(incoming, exchange);
      captureResponse(response, exchange.sink, exchange.fail);
      (response as AppResponse)[incomingKey] = incoming;
      const result = listener(incoming, response);
      if (isThenable(result)) result.then(undefined, exchange.fail);
    },
    { binary: false, requestId: '', response: finish },
  );
  return exchange => {
    const { request } = exchange;
    const event = {
      version: '2.0',
      rawPath: '/',
      rawQueryString: '',
      headers: {},
      body: placeholder,
      requestContext: {
        authorizer: noAuthorizer,
        http: { method: request.method, sourceIp: request.remoteAddress },
      },
    };
    serve(event, exchange).then(undefined, exchange.fail);
  };
}

/**
 * serverless-http gets the least that makes it build a request and a response: URL, headers and body are put on the
 * request afterwards, as the client sent them. A body that is not empty keeps it from waiting a turn of the event
 * loop for an end that nobody reads.
 */
const placeholder = Buffer.alloc(1);
const noAuthorizer = {};

/**
 * Called by serverless-http once the response is complete. Its own formatting of the answer comes after this and is
 * thrown away: nothing is left for it to format.
 */
function finish(response: AppResponse, _: unknown, exchange: Exchange): void {
  exchange.done(response[incomingKey] as AppRequest, response);
  response.getHeaders = noHeaders;
}

function noHeaders(): OutgoingHttpHeaders {
  return {};
}

function prepareRequest(incoming: AppRequest, exchange: Exchange): void {
  const { request, event, context } = exchange;
  if (!incoming[extended]) extendRequests(Object.getPrototypeOf(incoming));
  incoming[exchangeKey] = exchange;
  incoming.url = request.url;
  incoming.headers = request.headers;
  incoming.rawHeaders = request.rawHeaders;
  incoming.body = request.body;
  incoming._read = readBody;
  incoming.httpVersionMajor = 1;
  incoming.httpVersionMinor = 1;
  incoming.apiGateway = { event, context };
  incoming.requestContext = (event as { readonly requestContext?: unknown }).requestContext;
  // the gateways write this header themselves; without it the connection was theirs, and encrypted
  (incoming.socket as unknown as { encrypted: boolean }).encrypted =
    request.headers['x-forwarded-proto'] !== 'http';
}

/**
 * Adds what `node:http` does not give: on the class of serverless-http's requests, once, because properties defined
 * on each request would cost more than the rest; and on what a framework puts in place of that class (Express).
 */
export function extendRequests(prototype: object): void {
  Object.defineProperty(prototype, extended, { value: true });
  Object.defineProperties(prototype, {
    // node:http's own fires when the connection closes, which is none here
    signal: {
      get(this: AppRequest) {
        return this[exchangeKey]?.signal();
      },
      configurable: true,
    },
    // node:http's own counts the headers that its parser has seen, here none
    headersDistinct: {
      get(this: AppRequest) {
        return distinctHeaders(this.rawHeaders);
      },
      configurable: true,
    },
  });
}

function distinctHeaders(rawHeaders: readonly string[]): Record<string, string[]> {
  const distinct: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    distinct[name] = [...(distinct[name] ?? []), rawHeaders[at + 1] ?? ''];
  }
  return distinct;
}

function readBody(this: AppRequest): void {
  if (this.body.length > 0) this.push(this.body);
  this.push(null);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
