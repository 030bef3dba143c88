/** The reference service as a Koa app: canonical path → authentication → route → answer. Never listens by itself. */
import { randomUUID } from 'node:crypto';
import Router from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import { authenticate, isPreflight } from './auth/authenticate.ts';
import { createKeys } from './auth/keys.ts';
import type { Answer, Call, Route } from './declare.ts';
import type { Dependencies } from './dependencies.ts';
import { readJsonBody } from './http/body.ts';
import { setCorsHeaders } from './http/cors.ts';
import { answerError, HttpError, invalidInput } from './http/errors.ts';
import { requestIdOf, securityHeaders } from './http/headers.ts';
import { canonicalPath } from './http/path.ts';
import { createLog } from './log.ts';
import type { ArchiveLimits } from './repository/limits.ts';
import { routes } from './routes/index.ts';
import type { Fields } from './schema/types.ts';
import { validate } from './schema/validate.ts';
import { createRepositoryLoader, createSecrets, type Services } from './services.ts';
import { readSettings } from './settings.ts';
import { serviceName } from './version.ts';

export interface AppContext {
  /** What the handler resolved; absent on a plain server. */
  readonly dependencies?: Dependencies;
  /** @default process.env, read once, here. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Tighter or wider limits for archives, as a service of one's own may want them. */
  readonly limits?: Partial<ArchiveLimits>;
  /** Takes log lines. @default process.stdout */
  readonly write?: (line: string) => void;
}

/** Builds the app. Reads the environment; opens, imports and calls nothing until a request needs it. Never throws. */
export function createApp(context: AppContext = {}): Koa {
  const settings = readSettings(context.environment ?? process.env);
  const log = createLog(settings, serviceName, context.write ?? (line => process.stdout.write(line)));
  const secrets = createSecrets(settings);
  const services: Services = {
    settings,
    log,
    secrets,
    dependencies: context.dependencies ?? { artifacts: [] },
    repositories: createRepositoryLoader(settings, secrets, context.limits ?? {}),
    server: {
      id: randomUUID(),
      instanceId: randomUUID(),
      bootTime: Math.round(Date.now() - process.uptime() * 1000),
    },
  };
  const publicPaths = new Set(routes.filter(route => route.public).map(route => route.path));
  const access = {
    keyName: settings.keyName,
    keys: createKeys(secrets.key, secrets.previousKey),
    publicPaths,
    log,
  };

  const app = new Koa();
  app.on('error', error => log('ERROR', 'an answer could not be sent', { error: String(error) }));
  app.use((ctx, next) => answerAlways(ctx, next, services));
  app.use(async (ctx, next) => {
    // The setter rebuilds the URL, so it is left alone where there is nothing to change.
    const path = canonicalPath(ctx.path);
    if (path !== ctx.path) ctx.path = path;
    await authenticate(ctx, access);
    if (isPreflight(ctx)) ctx.status = 204;
    else await next();
  });
  app.use(routerOf(services).routes());
  app.use(refuseUnknown);
  return app;
}

/** Outermost: request id and security headers on every answer, and an answer for every failure. */
async function answerAlways(ctx: Context, next: Next, { settings, log }: Services): Promise<void> {
  const gateway = (ctx.req as { requestContext?: { requestId?: unknown } }).requestContext?.requestId;
  const requestId = requestIdOf(ctx.req.headers['x-request-id'], gateway);
  try {
    await next();
  } catch (thrown) {
    const error =
      thrown instanceof HttpError ? thrown : new HttpError(500, 'Internal server error', { cause: thrown });
    const { reason, cause } = error.facts;
    if (error.status >= 500) {
      const stack = error.status === 500 && cause instanceof Error ? cause.stack : undefined;
      log('ERROR', reason ?? error.message, { request_id: requestId, status: error.status, error: stack });
    }
    const asked = ctx.req.headers.accept ?? '';
    send(ctx, answerError(error, requestId, asked.includes('application/problem+json')));
  }
  ctx.set({ ...securityHeaders(ctx.response.type), 'X-Request-Id': requestId });
  setCorsHeaders(ctx, settings.corsOrigins, settings.keyName);
  if (settings.debug) ctx.set('X-Debug-Mode', 'true');
}

function routerOf(services: Services): Router {
  // Exact and case-sensitive: a path has one spelling, the canonical one.
  const router = new Router({ sensitive: true, strict: true });
  for (const route of routes) {
    const verb = route.method === 'GET' ? 'get' : 'post';
    router[verb](route.path, async ctx =>
      send(ctx as unknown as Context, await run(route, ctx as unknown as Context, services)),
    );
  }
  return router;
}

async function run(route: Route, ctx: Context, services: Services): Promise<Answer> {
  const query = checked(route.query ?? {}, ctx.query, 'query');
  const body = route.body ? checked(route.body, await readJsonBody(ctx.req), 'body') : {};
  const call: Call<Fields, Fields> = {
    query,
    body,
    headers: ctx.req.headers,
    plainLocalhost: isPlainLocalhost(ctx),
    signal: signalOf(ctx),
    services,
  };
  if (!route.public) ctx.set('Cache-Control', 'no-store');
  return route.run(call);
}

function checked<F extends Fields>(
  fields: F,
  given: Readonly<Record<string, unknown>>,
  where: 'query' | 'body',
) {
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

function signalOf(ctx: Context): AbortSignal {
  const { signal } = ctx.req as { signal?: unknown };
  return signal instanceof AbortSignal ? signal : new AbortController().signal;
}

function send(ctx: Context, answer: Answer): void {
  ctx.status = answer.status ?? 200;
  ctx.set('Content-Type', answer.type);
  if (answer.headers) ctx.set({ ...answer.headers });
  ctx.body = answer.body;
}

/** What no route took: 405 with the methods of the path, or 404. */
function refuseUnknown(ctx: Context): void {
  const methods = routes.filter(route => route.path === ctx.path).map(route => route.method);
  if (methods.length === 0) throw new HttpError(404, 'Not Found');
  const allow = methods.flatMap(method => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  throw new HttpError(405, 'Method Not Allowed', { headers: { Allow: allow } });
}
