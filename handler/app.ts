/** R7: imports the app's own code and finds in it what serves requests. */
import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { EdgeError } from './edge/errors.ts';
import { extendRequests } from './edge/incoming.ts';
import type { Listener } from './edge/serve.ts';

/** A handler in Lambda's own sense: it gets the event as it is. */
export type PlainHandler = (event: unknown, context: unknown) => unknown;

export type LoadedApp =
  | { readonly kind: 'http'; readonly listener: Listener }
  | { readonly kind: 'plain'; readonly handler: PlainHandler };

/**
 * Imports `url` and adapts what it exports, in this order (docs/architecture.md, "The app module"): `createApp`
 * called with `context`, `default`, `app`, `handler`. `onError` is told of what a Koa app did not expect; Koa itself
 * would print it with its whole stack and everything in its message.
 *
 * Throws `APP_IMPORT` when the module or its factory throws (the cause says why), `APP_EXPORT` when it exports none
 * of these.
 */
export async function loadApp(
  url: URL,
  context: unknown,
  onError: (error: unknown) => void,
): Promise<LoadedApp> {
  let exported: Readonly<Record<string, unknown>>;
  let app: unknown;
  try {
    exported = namesOf(await import(url.href));
    const { createApp } = exported;
    app =
      typeof createApp === 'function' ? await createApp(context) : (exported['default'] ?? exported['app']);
  } catch (cause) {
    throw new EdgeError('APP_IMPORT', `the app could not be loaded (${describe(cause)})`, {
      hint: 'run "layer-builder verify" and import the app module by hand',
      cause,
    });
  }
  if (app !== undefined && app !== null) return { kind: 'http', listener: await listenerOf(app, onError) };
  const { handler } = exported;
  if (typeof handler === 'function') return { kind: 'plain', handler: handler as PlainHandler };
  throw new EdgeError(
    'APP_EXPORT',
    `the app module serves nothing (expected an export createApp, default, app or handler, found ${
      Object.keys(exported).join(', ') || 'none'
    })`,
    { hint: 'export your app, or a factory createApp(context) that returns it' },
  );
}

/** What a CommonJS app exports by name, `exports.handler` or `module.exports = { app }`, is behind its default. */
function namesOf(exported: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const inner = exported['default'];
  const isPlain =
    typeof inner === 'object' && inner !== null && Object.getPrototypeOf(inner) === Object.prototype;
  if (!isPlain || !['createApp', 'default', 'app', 'handler'].some(name => name in inner)) return exported;
  return inner as Readonly<Record<string, unknown>>;
}

/** Koa has `callback`, Express is a function, Fastify routes through its own server once it is ready. */
export async function listenerOf(app: unknown, onError: (error: unknown) => void): Promise<Listener> {
  const { callback, ready, server, handle } = app as Readonly<Record<string, unknown>>;
  if (isCallable(callback)) {
    if (isEmitter(app)) app.on('error', error => isUnforeseen(error) && onError(error));
    answerEveryThrow(app as KoaLike);
    return callback.call(app) as Listener;
  }
  if (isCallable(ready) && isEmitter(server)) {
    await ready.call(app);
    return (request, response) => server.emit('request', request, response);
  }
  if (isCallable(app)) {
    // Express gives every request this prototype
    const { request } = app as unknown as Readonly<Record<string, unknown>>;
    if (typeof request === 'object' && request !== null) extendRequests(request);
    return app as Listener;
  }
  if (isCallable(handle)) return handle.bind(app) as Listener;
  if (isEmitter(app)) return (request, response) => app.emit('request', request, response);
  throw new EdgeError(
    'APP_EXPORT',
    `the app is of no known kind (expected a Koa, Express or Fastify app, a function or a server, found ${typeof app})`,
    { hint: 'export the app itself, not its router or its configuration' },
  );
}

interface KoaLike {
  readonly context?: { onerror?: (this: { readonly res: ServerResponse }, error: unknown) => void };
}

/**
 * Koa tells the end of a response and `throw undefined` by the same call, `onerror(undefined)`, and answers neither:
 * the second would hang until the time-out.
 */
function answerEveryThrow({ context }: KoaLike): void {
  const onerror = context?.onerror;
  if (context === undefined || onerror === undefined) return;
  context.onerror = function answer(error) {
    const isThrown = (error === undefined || error === null) && !this.res.headersSent;
    onerror.call(this, isThrown ? new Error(`non-error thrown: ${error}`) : error);
  };
}

/** Koa's own rule of what is worth a line: not what the app meant for the client. */
function isUnforeseen(error: unknown): boolean {
  const { status, expose } = (error ?? {}) as Readonly<Record<string, unknown>>;
  return status !== 404 && expose !== true;
}

function isCallable(value: unknown): value is (...parameters: unknown[]) => unknown {
  return typeof value === 'function';
}

function isEmitter(value: unknown): value is EventEmitter {
  return isCallable((value as { emit?: unknown } | null)?.emit);
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : `thrown ${typeof cause}`;
}
