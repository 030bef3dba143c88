/** The client of ipdata.co: what is known of an address. */
import { HttpError } from '../http/errors.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Resource } from './github.ts';
import { ask, type Measure, readJson, secondsSince } from './http.ts';

export interface IpDataOptions {
  readonly url: URL;
  readonly key: Secret;
  readonly measure: Measure;
}

const service = 'ipdata';
const deadline = 8000;
const mostJson = 1024 * 1024;

/**
 * Details of a validated IPv4 or IPv6 address. ipdata takes its key in the query only, so the address of the request
 * is never logged and never part of a message.
 *
 * Throws `HttpError` 404, 429 (quota; `Retry-After`), 502 (no key, key refused, failure) or 504.
 */
export async function readAddressDetails(
  { url: base, key, measure }: IpDataOptions,
  address: string,
  signal: AbortSignal,
): Promise<Resource> {
  const start = performance.now();
  const value = await key.read().catch(cause => {
    throw new HttpError(502, 'The key for ipdata cannot be resolved', { cause });
  });
  if (value === undefined)
    throw new HttpError(502, 'This service has no key for ipdata: IP_DATA__API_KEY is not set');
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/${encodeURIComponent(address)}`, base);
  url.searchParams.set('api-key', value);
  const reply = await ask({
    service,
    url,
    headers: { Accept: 'application/json' },
    signal,
    deadline,
    measure,
  });
  if (reply.status !== 200) {
    reply.body.resume();
    throw mapFailure(reply.status, reply.headers['retry-after']);
  }
  const content = await readJson(reply, service, mostJson);
  return { headers: reply.shown, content, duration: secondsSince(start) };
}

/** ipdata answers 400 for addresses that are private or reserved, 403 for a used-up quota as well as for a wrong key. */
function mapFailure(status: number, retryAfter: string | undefined): HttpError {
  if (status === 400 || status === 404) return new HttpError(404, 'ipdata knows nothing about this address');
  if (status === 429 || retryAfter !== undefined) {
    const after = /^\d{1,6}$/.test(retryAfter ?? '') ? String(retryAfter) : '60';
    return new HttpError(429, "ipdata's quota is used up", { headers: { 'Retry-After': after } });
  }
  if (status === 401 || status === 403)
    return new HttpError(502, 'ipdata refused the key of this service, or its quota is used up');
  return new HttpError(502, `ipdata answered ${status}`);
}
