/** One canonical request → the app, through serverless-http → the response as the app wrote it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import getFramework from 'serverless-http/lib/framework/get-framework.js';
import type { BodySink } from './capture.ts';
import { captureResponse } from './capture.ts';
import type { AppRequest } from './incoming.ts';
import { createRequest, exchangeOf } from './incoming.ts';
import type { CanonicalRequest } from './request.ts';

/** What every Node framework boils down to. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** One request on its way through the app. */
export interface Exchange extends BodySink {
  readonly request: CanonicalRequest;
  readonly event: unknown;
  readonly context: unknown;
  /** Fires 500 ms before the function's time-out, and when the client of a stream is gone. */
  signal(): AbortSignal;
  /** The response is complete. */
  done(incoming: AppRequest, response: ServerResponse): void;
  /** It never will be. */
  fail(error: unknown): void;
}

/** Sends an exchange through the app. Calls `done` or `fail` of the exchange, once. */
export type Serve = (exchange: Exchange) => void;

/** Wraps an app once; the result serves any number of exchanges at the same time. */
export function createServe(listener: Listener): Serve {
  const serve = getFramework((incoming, response) => {
    const exchange = exchangeOf(incoming as AppRequest);
    captureResponse(response, incoming as AppRequest, exchange);
    const result = listener(incoming, response);
    if (isThenable(result)) result.then(undefined, error => exchange.fail(error));
  });
  return exchange => {
    try {
      serve(createRequest(exchange));
    } catch (error) {
      exchange.fail(error);
    }
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
