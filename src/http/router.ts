/** The declared routes as a Koa router: rate limit, validation, run, answer. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import Router from '@koa/router';
import type { Context } from 'koa';
import type { Answer, Call, Route } from '../declare.ts';
import type { Fields, Values } from '../schema/types.ts';
import { validate, type Where } from '../schema/validate.ts';
import type { Services } from '../services.ts';
import { sendAnswer } from './answer.ts';
import { readJsonBody } from './body.ts';
import { type Bucket, createBucket } from './bucket.ts';
import { HttpError, invalidInput } from './errors.ts';

/** Requests that may come at once before the rate counts, in seconds' worth. */
const burst = 5;

export function createRouter(routes: readonly Route[], services: Services): Router {
  // Exact and case-sensitive: a path has one spelling, the canonical one.
  const router = new Router({ sensitive: true, strict: true });
  const { ratePerSecond } = services.settings;
  const bucket = ratePerSecond > 0 ? createBucket(ratePerSecond * burst, ratePerSecond) : undefined;
  for (const route of routes) {
    router.register(route.path, [route.method === 'GET' ? 'get' : 'post'], async given => {
      const ctx = given as unknown as Context;
      // For the metrics and the log of the handler: the template, never the path.
      (ctx.req as { route?: string }).route = route.path;
      // The addresses in a page are relative, so it must be read where it lives.
      if (route.tag === 'pages' && ctx.state['respelled']) throw movedTo(route.path);
      sendAnswer(ctx, await run(route, ctx, services, bucket));
    });
  }
  return router;
}

/** What no route took: 405 with the methods of the path, or 404. */
export function refuseUnknown(ctx: Context, routes: readonly Route[]): never {
  const methods = routes.filter(route => route.path === ctx.path).map(route => route.method);
  if (methods.length === 0) throw new HttpError(404, 'Not Found');
  const allow = methods.flatMap(method => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  throw new HttpError(405, 'Method Not Allowed', { headers: { Allow: allow } });
}

async function run(
  route: Route,
  ctx: Context,
  services: Services,
  bucket: Bucket | undefined,
): Promise<Answer> {
  if (!route.public) ctx.set('Cache-Control', 'no-store');
  if (route.upstream) takeToken(bucket);
  const query = route.query ? checked(route.query, ctx.query, 'query') : {};
  const body = route.body ? checked(route.body, await readJsonBody(ctx.req), 'body') : {};
  return route.run(new RouteCall(ctx, services, query, body));
}

/** A class, because V8 makes the getter of a literal for a long life, and with it every request outlives its answer. */
class RouteCall implements Call<Fields, Fields> {
  readonly query: Values<Fields>;
  readonly body: Values<Fields>;
  readonly headers: IncomingHttpHeaders;
  readonly plainLocalhost: boolean;
  readonly services: Services;
  readonly #ctx: Context;

  constructor(ctx: Context, services: Services, query: Values<Fields>, body: Values<Fields>) {
    this.query = query;
    this.body = body;
    this.headers = ctx.req.headers;
    this.plainLocalhost = isPlainLocalhost(ctx);
    this.services = services;
    this.#ctx = ctx;
  }

  /** Behind the handler the signal is made when it is first asked for, so only those who need it ask. */
  get signal(): AbortSignal {
    const { signal } = this.#ctx.req as { signal?: unknown };
    return signal instanceof AbortSignal ? signal : signalOf(this.#ctx.res);
  }
}

/** On a plain server a client's time is over when it hangs up. */
function signalOf(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => controller.abort());
  return controller.signal;
}

function movedTo(path: string): HttpError {
  return new HttpError(308, 'Permanent Redirect', { headers: { Location: path } });
}

/** Best effort of one execution environment; the limit that counts for all of them is the gateway's. */
function takeToken(bucket: Bucket | undefined): void {
  const wait = bucket?.take() ?? 0;
  if (wait === 0) return;
  const headers = { 'Retry-After': String(Math.ceil(wait)) };
  throw new HttpError(429, 'Too many requests at once to routes that call other services', { headers });
}

function checked<F extends Fields>(fields: F, given: Readonly<Record<string, unknown>>, where: Where) {
  const outcome = validate(fields, given, where);
  if (!outcome.ok) throw invalidInput(outcome.problems);
  return outcome.values;
}

/** `Secure` is left out of the cookie only where it cannot work; a doubt keeps it in. */
function isPlainLocalhost(ctx: Context): boolean {
  const { 'x-forwarded-proto': forwarded, host = '' } = ctx.req.headers;
  if (forwarded !== undefined ? forwarded !== 'http' : ctx.secure) return false;
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/.test(host);
}
