/** The one declaration of a route: it drives routing, validation, types, OpenAPI and the docs page. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Fields, Values } from './schema/types.ts';
import type { Services } from './services.ts';

/** What a route answers. The body is never an object: Koa would load undici to look at one (25–45 ms). */
export interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer | Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Call<Query extends Fields, Body extends Fields> {
  readonly query: Values<Query>;
  readonly body: Values<Body>;
  readonly headers: IncomingHttpHeaders;
  /** Plain http to this very machine, as far as the request and the gateway in front of it tell. */
  readonly plainLocalhost: boolean;
  /** Aborts when the client's time is over. */
  readonly signal: AbortSignal;
  readonly services: Services;
}

export type Tag =
  | 'info'
  | 'github-api'
  | 'github-digest'
  | 'github-stats'
  | 'threat-intelligence'
  | 'auth'
  | 'pages';

export interface Route<Query extends Fields = Fields, Body extends Fields = Fields> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  /** Served without a key. */
  readonly public?: true;
  /** Goes to a service of others: counted by the rate limit, and may answer 429, 502 and 504. */
  readonly upstream?: true;
  /** Left out of the OpenAPI document: the assets of the pages. */
  readonly hidden?: true;
  readonly query?: Query;
  /** Fields of a JSON body; absent: the route reads no body. */
  readonly body?: Body;
  /** What it answers when all is well. @default 200 */
  readonly status?: 200 | 307;
  /** Media types of that answer, each with the name of its schema in `openapi/schemas.ts`; none: no body. */
  readonly answers: Readonly<Record<string, string>>;
  /** Carries an `ETag` and answers 304 to `If-None-Match`. */
  readonly conditional?: true;
  /** Statuses of errors beside those that the declaration implies. */
  readonly errors?: readonly number[];
  /** Loads its code when first called, so that a cold start pays for no route but the one asked for. */
  readonly run: (call: Call<Query, Body>) => Answer | Promise<Answer>;
}

/** Checks a route's types where it is written and forgets them where all routes stand in one list. */
export function route<const Query extends Fields, const Body extends Fields>(
  declaration: Route<Query, Body>,
): Route {
  return declaration as unknown as Route;
}

/** An answer in JSON. */
export function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

/** An answer in plain text. */
export function plain(body: string): Answer {
  return { type: 'text/plain; charset=utf-8', body };
}
