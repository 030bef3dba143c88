/** Decides whether a request may pass: public path, preflight or a valid key; everything else is refused. */
import type { Context } from 'koa';
import { HttpError } from '../http/errors.ts';
import type { Log } from '../log.ts';
import type { Keys } from './keys.ts';

const missing = 'Client API key is missing, you need to set it on a header or cookie';
const invalid = 'Invalid API key value';

export interface AuthenticateOptions {
  readonly keyName: string | undefined;
  readonly keys: Keys;
  /** Canonical paths that are served without a key. */
  readonly publicPaths: ReadonlySet<string>;
  readonly log: Log;
}

/**
 * Returns when the request may pass. The key is taken from the header, and from the cookie of the same name only when
 * the header is missing or empty; so a wrong header is never healed by a right cookie.
 *
 * Throws `HttpError` 401 (the key is missing or invalid) or 503 (the server has no key: the reason is in the log only).
 */
export async function authenticate(ctx: Context, options: AuthenticateOptions): Promise<void> {
  const { keyName, keys, publicPaths, log } = options;
  if (publicPaths.has(ctx.path) || isPreflight(ctx)) return;
  if (keyName === undefined) throw closed('FAST_API__AUTH__API_KEY__NAME is unset or no header name');
  // Node joins a repeated header into one text, which then is no key.
  const presented = String(ctx.req.headers[keyName] ?? '') || (ctx.cookies.get(keyName) ?? '');
  let verdict: 'valid' | 'invalid' | 'open' | 'closed';
  try {
    verdict = presented === '' ? await keys.state() : await keys.check(presented);
  } catch (cause) {
    log('ERROR', 'the API key could not be resolved', { error: String(cause) });
    throw closed('the reference of the API key could not be resolved');
  }
  if (verdict === 'closed') throw closed('FAST_API__AUTH__API_KEY__VALUE is unset or no resolved value');
  if (verdict !== 'valid') throw refused(verdict === 'open' ? missing : invalid);
}

/** https://fetch.spec.whatwg.org/#cors-preflight-request; browsers send no credentials with it. */
export function isPreflight(ctx: Context): boolean {
  const { headers } = ctx.req;
  return ctx.method === 'OPTIONS' && 'origin' in headers && 'access-control-request-method' in headers;
}

function refused(message: string): HttpError {
  return new HttpError(401, message, { body: { data: null, error: null, message, status: 'error' } });
}

function closed(reason: string): HttpError {
  return new HttpError(503, 'Service Unavailable', { reason });
}
