/** The reference service as a Koa app: canonical path → authentication → route → answer. Never listens by itself. */
import { randomUUID } from 'node:crypto';
import Koa from 'koa';
import { authenticate, isPreflight } from './auth/authenticate.ts';
import { createKeys } from './auth/keys.ts';
import type { Dependencies } from './dependencies.ts';
import { answerAlways } from './http/answer.ts';
import { canonicalPath } from './http/path.ts';
import { createRouter, refuseUnknown } from './http/router.ts';
import { createLog, type Log } from './log.ts';
import type { ArchiveLimits } from './repository/limits.ts';
import type { LoadReadZip } from './repository/zip.ts';
import { routes } from './routes/index.ts';
import { createRepositoryLoader, createSecrets, type Services } from './services.ts';
import { readSettings } from './settings.ts';
import type { Measure } from './upstream/http.ts';
import { serviceName } from './version.ts';

export interface AppContext {
  /** What the handler resolved; absent on a plain server. */
  readonly dependencies?: Dependencies;
  /** The handler's log, whose lines carry the ids of the request. @default lines to `write` */
  readonly log?: Log;
  /** The handler's metrics. @default none */
  readonly metric?: (name: string, value: number, unit: string, dimensions: Record<string, string>) => void;
  /** @default process.env, read once, here. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Tighter or wider limits for archives, as a service of one's own may want them. */
  readonly limits?: Partial<ArchiveLimits>;
  /** The handler's reader for strangers' zips. @default none: a host must offer tarballs, as GitHub does */
  readonly readZip?: LoadReadZip;
  /** Takes log lines. @default process.stdout */
  readonly write?: (line: string) => void;
}

/** Builds the app. Reads the environment; opens, imports and calls nothing until a request needs it. Never throws. */
export function createApp(context: AppContext = {}): Koa {
  const services = createServices(context);
  const { settings, secrets, log } = services;
  const publicPaths = new Set(routes.filter(route => route.public).map(route => route.path));
  const keys = createKeys(secrets.key, secrets.previousKey);
  const access = { keyName: settings.keyName, keys, publicPaths, log };

  const app = new Koa();
  // Koa prints an error with all it holds unless somebody listens; the handler listens for itself.
  if (context.log === undefined)
    app.on('error', error => log('ERROR', 'an answer failed', { error: String(error) }));
  app.use((ctx, next) => answerAlways(ctx, next, services));
  app.use(async (ctx, next) => {
    // The setter rebuilds the URL, so it is left alone where there is nothing to change.
    const path = canonicalPath(ctx.path);
    if (path !== ctx.path) {
      ctx.path = path;
      ctx.state['respelled'] = true;
    }
    await authenticate(ctx, access);
    if (isPreflight(ctx)) ctx.status = 204;
    else await next();
  });
  app.use(createRouter(routes, services).routes());
  app.use(ctx => refuseUnknown(ctx, routes));
  return app;
}

function createServices(context: AppContext): Services {
  const settings = readSettings(context.environment ?? process.env);
  const write = context.write ?? (line => process.stdout.write(line));
  const log = context.log ?? createLog(settings, serviceName, write);
  const secrets = createSecrets(settings);
  const measure: Measure = (upstream, ms, failed) => {
    context.metric?.('upstream_ms', ms, 'Milliseconds', { upstream });
    log('DEBUG', 'upstream answered', { upstream, ms: Math.round(ms), failed });
    if (failed) context.metric?.('upstream_errors', 1, 'Count', { upstream });
  };
  return {
    routes,
    settings,
    log,
    secrets,
    measure,
    dependencies: context.dependencies,
    repositories: createRepositoryLoader(
      { settings, secrets, measure },
      context.limits ?? {},
      context.readZip,
    ),
    server: {
      id: randomUUID(),
      instanceId: randomUUID(),
      bootTime: Math.round(Date.now() - process.uptime() * 1000),
    },
  };
}
