/** ETag and 304 (RFC 9110, 13): the edge compares, so that an app only has to say what it has. */
import { hash } from 'node:crypto';
import type { AppResponse } from './answer.ts';
import type { CanonicalRequest } from './request.ts';

/**
 * Gives a GET answer of 200 an ETag where it has none and may be stored, and answers 304 where the client has it
 * already. A generated tag is weak: the bytes on the wire depend on the compression.
 */
export function applyConditions(request: CanonicalRequest, response: AppResponse): AppResponse {
  if (response.status !== 200 || (request.method !== 'GET' && request.method !== 'HEAD')) return response;
  const { headers } = response;
  if (headers['etag'] === undefined && isWorthTag(response)) {
    headers['etag'] = `W/"${hash('sha1', response.body, 'base64url')}"`;
  }
  if (!isFresh(request, headers['etag'], headers['last-modified'])) return response;
  const kept: Record<string, number | string | string[]> = {};
  for (const name of keptBy304) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value;
  }
  for (const name in headers) {
    const value = headers[name];
    // what is not about the content stays: cookies, security headers, the app's own
    if (value !== undefined && !name.startsWith('content-')) kept[name] = value;
  }
  return { status: 304, headers: kept, body: '' };
}

/** RFC 9110, 15.4.5. */
const keptBy304 = ['content-location', 'content-security-policy'] as const;

/** Below this a 304 is hardly shorter than the answer it replaces. */
const tagFrom = 1024;

function isWorthTag({ body, headers }: AppResponse): boolean {
  const cacheControl = headers['cache-control'];
  if (body.length < tagFrom) return false;
  return cacheControl === undefined || !/\bno-store\b/i.test(String(cacheControl));
}

function isFresh({ headers }: CanonicalRequest, etag: unknown, lastModified: unknown): boolean {
  const wanted = headers['if-none-match'];
  if (wanted !== undefined) {
    if (typeof etag !== 'string') return false;
    if (wanted.trim() === '*') return true;
    return wanted.split(',').some(tag => opaque(tag) === opaque(etag));
  }
  const since = headers['if-modified-since'];
  if (since === undefined || typeof lastModified !== 'string') return false;
  return Date.parse(lastModified) <= Date.parse(since);
}

/** Weak comparison (RFC 9110, 8.8.3.2). */
function opaque(tag: string): string {
  return tag.trim().replace(/^W\//, '');
}
