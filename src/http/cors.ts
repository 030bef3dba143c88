/** Cross-origin use: off until origins are configured, then exactly those, never `*`. */
import type { Context } from 'koa';

const methods = 'GET, HEAD, POST';
const headers = 'content-type, if-none-match, x-request-id';

/** Headers for a configured origin; none for any other, which a browser takes as a refusal. */
export function setCorsHeaders(ctx: Context, origins: readonly string[], keyName: string | undefined): void {
  if (origins.length === 0) return;
  ctx.vary('Origin');
  const { origin } = ctx.req.headers;
  if (origin === undefined || !origins.includes(origin)) return;
  ctx.set('Access-Control-Allow-Origin', origin);
  ctx.set('Access-Control-Allow-Credentials', 'true');
  ctx.set('Access-Control-Expose-Headers', 'etag, retry-after, x-request-id');
  // Else the policy that every answer carries would keep the body from the very origins that are allowed.
  ctx.set('Cross-Origin-Resource-Policy', 'cross-origin');
  if (ctx.method !== 'OPTIONS') return;
  ctx.set('Access-Control-Allow-Methods', methods);
  ctx.set('Access-Control-Allow-Headers', keyName === undefined ? headers : `${headers}, ${keyName}`);
  ctx.set('Access-Control-Max-Age', '600');
}
