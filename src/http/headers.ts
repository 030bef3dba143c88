/** Headers that every answer carries, errors included. */
import { randomUUID } from 'node:crypto';

/** Pages need their own script and style; everything else needs nothing at all. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/** The set that helmet sends, https://helmetjs.github.io, with frames refused altogether. */
const always: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Frame-Options': 'DENY',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
};

const onPages: Readonly<Record<string, string>> = { ...always, 'Content-Security-Policy': pagePolicy };
const elsewhere: Readonly<Record<string, string>> = { ...always, 'Content-Security-Policy': dataPolicy };

/** Security headers for an answer of this media type. */
export function securityHeaders(type: string): Readonly<Record<string, string>> {
  return type === 'text/html' ? onPages : elsewhere;
}

/**
 * The id of a request: the client's if it is short and of plain characters (it goes to logs and back in a header),
 * else the gateway's, else a new one.
 */
export function requestIdOf(client: string | string[] | undefined, gateway: unknown): string {
  for (const id of [client, gateway]) {
    if (typeof id === 'string' && /^[A-Za-z0-9._:+/=@-]{1,128}$/.test(id)) return id;
  }
  return randomUUID();
}
