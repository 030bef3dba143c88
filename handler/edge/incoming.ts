/** The request an app sees: `node:http`'s own class, filled from the event instead of from a socket. */
import { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';
import type { Exchange } from './serve.ts';

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
  [exchangeKey]: Exchange;
}

const exchangeKey: unique symbol = Symbol('exchange');

/**
 * The request of one exchange. serverless-http's own holds a `PassThrough` for a socket: V8 puts the closures that
 * `node:stream` and that class assign to properties straight into its old generation, and with them every request and
 * all it refers to outlives the collections of the young one (docs/edge.md, Cost).
 */
export function createRequest(exchange: Exchange): AppRequest {
  const { request, event, context } = exchange;
  const incoming = new EdgeRequest(
    // the gateways write this header themselves; without it the connection was theirs, and encrypted
    new Connection(request.remoteAddress, request.headers['x-forwarded-proto'] !== 'http') as never,
  ) as unknown as AppRequest & { ip: string | undefined; _read: typeof readBody };
  incoming[exchangeKey] = exchange;
  incoming.complete = true;
  incoming.httpVersion = '1.1';
  incoming.httpVersionMajor = 1;
  incoming.httpVersionMinor = 1;
  incoming.method = request.method;
  incoming.url = request.url;
  incoming.headers = request.headers;
  incoming.rawHeaders = request.rawHeaders;
  incoming.body = request.body;
  incoming.ip = request.remoteAddress;
  // not on the class: Express puts another one in its place
  incoming._read = readBody;
  incoming.apiGateway = { event, context };
  incoming.requestContext = (event as { readonly requestContext?: unknown }).requestContext;
  return incoming;
}

/** The exchange that a request belongs to. */
export function exchangeOf(incoming: AppRequest): Exchange {
  return incoming[exchangeKey];
}

class EdgeRequest extends IncomingMessage {}
extendRequests(EdgeRequest.prototype);

/** What an app may ask of a connection that is not there: where it comes from, and to end it. */
class Connection extends EventEmitter {
  readonly remoteAddress: string | undefined;
  readonly encrypted: boolean;
  readonly readableHighWaterMark = 65_536;
  readable = true;
  writable = true;
  destroyed = false;

  constructor(remoteAddress: string | undefined, encrypted: boolean) {
    super();
    this.remoteAddress = remoteAddress;
    this.encrypted = encrypted;
  }

  address(): { port: number } {
    return { port: 443 };
  }

  /** Of `node:http`, which waits for the `close` of what it destroys. */
  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.readable = false;
    this.writable = false;
    process.nextTick(() => this.emit('close'));
    return this;
  }

  write(): boolean {
    return true;
  }

  end(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

/** Adds what `node:http` does not give, to the class of our requests and to what a framework puts in its place (Express). */
export function extendRequests(prototype: object): void {
  Object.defineProperties(prototype, {
    // node:http's own fires when the connection closes, which is none here
    signal: {
      get(this: AppRequest) {
        // the prototype itself is asked, too
        return (this[exchangeKey] as Exchange | undefined)?.signal();
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
