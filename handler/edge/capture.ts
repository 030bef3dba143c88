/** What the app writes to its response, caught at the socket of serverless-http's response and kept whole. */
import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import { ServerResponse } from 'node:http';
import type { AppRequest } from './incoming.ts';
import type { Exchange } from './serve.ts';

/** Where the bytes of a response go: into memory, or on to a client that reads while the app writes. */
export interface BodySink {
  /** The app has begun its answer: `start` was called. */
  readonly started: boolean;
  /** The status line and headers are complete. Called once, before the first `write`. */
  start(response: ServerResponse): void;
  /** `done` is called when the bytes have been taken. Returns false where the app should wait for `drain`. */
  write(chunk: string | Buffer, encoding: BufferEncoding, done: () => void): boolean;
}

type Done = () => void;

const headEnd = '\r\n\r\n';

/** Headers about one connection: Lambda and the gateways have their own. RFC 9110, 7.6.1. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Most names are ruled out by their length, without being lowered. */
const hopByHopLengths = new Set([...hopByHop].map(name => name.length));

/**
 * Repairs one response of serverless-http, before the app sees it:
 * - bytes reach the exchange in the encoding they were written in (serverless-http takes every text for UTF-8);
 * - `transfer-encoding: chunked` is left out, because its framing would end up in the body;
 * - `writeHead` takes its headers in every form `node:http` does;
 * - informational answers are left out, and the socket takes what servers of events ask of one (serverless-http's throws);
 * - a response given up half way calls `fail` (serverless-http would wait for ever);
 * - a header that cannot be sent is answered with 400: it was built from the request (FAULTS.md E13).
 *
 * Nothing here is a closure: see incoming.ts for what a closure on a property costs.
 */
export function captureResponse(response: ServerResponse, incoming: AppRequest, exchange: Exchange): void {
  const captured = response as CapturedResponse;
  captured[capturedKey] = { incoming, exchange };
  (captured as { socket: unknown }).socket = new CapturedSocket(captured, exchange);
  captured._storeHeader = storeHeader;
  response.setHeader = setHeader;
  response.writeHead = writeHead as ServerResponse['writeHead'];
  captured.destroy = destroy;
  captured.on('finish', finish);
  captured.on('error', fail);
}

interface CapturedResponse extends ServerResponse {
  [capturedKey]: { readonly incoming: AppRequest; readonly exchange: Exchange };
  _storeHeader: typeof storeHeader;
}

const capturedKey: unique symbol = Symbol('captured');

/** In place of serverless-http's: what `node:http` writes goes to the exchange, what servers of events ask of a socket is nothing. */
class CapturedSocket {
  readonly writable = true;
  /** Where `node:http` looks whether the socket is still the response's. */
  _httpMessage: CapturedResponse | null;
  readonly _writableState = {};
  readonly #exchange: Exchange;

  constructor(response: CapturedResponse, exchange: Exchange) {
    this._httpMessage = response;
    this.#exchange = exchange;
  }

  write(data: string | Uint8Array, encoding?: BufferEncoding | Done | null, done?: Done | null): boolean {
    const exchange = this.#exchange;
    const callback = (typeof encoding === 'function' ? encoding : done) ?? nothing;
    let rest: string | Uint8Array = data;
    if (!exchange.started) {
      // 100 Continue, 103 Early Hints: no gateway passes one on
      if (typeof data === 'string' && data.startsWith('HTTP/1.1 1')) {
        callback();
        return true;
      }
      exchange.start(this._httpMessage as CapturedResponse);
      // node:http writes the head as a text, alone or with the first text of the body behind it
      rest = typeof data === 'string' ? data.slice(data.indexOf(headEnd) + headEnd.length) : '';
    }
    if (rest.length === 0) {
      callback();
      return true;
    }
    const chunk = typeof rest === 'string' || Buffer.isBuffer(rest) ? rest : Buffer.from(rest);
    return exchange.write(chunk, typeof encoding === 'string' ? encoding : 'utf8', callback);
  }

  /** Nothing ever happens to it. */
  on(): this {
    return this;
  }

  once(): this {
    return this;
  }

  off(): this {
    return this;
  }

  removeListener(): this {
    return this;
  }

  destroy(): this {
    return this;
  }

  cork(): void {}

  uncork(): void {}

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

/** What the app does on `finish`, and right behind its `end`, comes first; the rest of the edge after that. */
function finish(this: CapturedResponse): void {
  process.nextTick(complete, this);
}

function complete(response: CapturedResponse): void {
  const { incoming, exchange } = response[capturedKey];
  exchange.done(incoming, response);
  response.emit('close');
}

function fail(this: CapturedResponse, error: unknown): void {
  this[capturedKey].exchange.fail(error);
}

function destroy(this: CapturedResponse, error?: Error): CapturedResponse {
  if (!this.writableFinished) {
    this[capturedKey].exchange.fail(error ?? new Error('the response was given up before its end'));
  }
  return ServerResponse.prototype.destroy.call(this, error) as CapturedResponse;
}

function nothing(): void {}

/**
 * Nobody reads the head as a text: status and headers are taken from the response itself. Without this node:http
 * renders every header, which costs more than the rest of the edge. Should it once not ask for it here, it renders.
 */
function storeHeader(this: { _header: string }): void {
  this._header = headEnd;
}

function setHeader(
  this: ServerResponse,
  name: string,
  value: number | string | readonly string[],
): ServerResponse {
  if (hopByHopLengths.has(name?.length) && hopByHop.has(name.toLowerCase())) return this;
  try {
    return ServerResponse.prototype.setHeader.call(this, name, value) as ServerResponse;
  } catch (error) {
    throw asClientError(error);
  }
}

function writeHead(
  this: ServerResponse,
  status: number,
  reason?: string | OutgoingHttpHeaders | readonly OutgoingHttpHeader[],
  headers?: OutgoingHttpHeaders | readonly OutgoingHttpHeader[],
): ServerResponse {
  const given = typeof reason === 'string' ? headers : reason;
  if (Array.isArray(given)) {
    for (let at = 0; at + 1 < given.length; at += 2) this.appendHeader(String(given[at]), given[at + 1]);
  } else if (given !== undefined) {
    for (const [name, value] of Object.entries(given)) if (value !== undefined) this.setHeader(name, value);
  }
  if (typeof reason === 'string') this.statusMessage = reason;
  ServerResponse.prototype.writeHead.call(this, status);
  return this;
}

function asClientError(error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN') {
    return Object.assign(error as Error, { status: 400, statusCode: 400, expose: false });
  }
  return error;
}
