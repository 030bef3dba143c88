/** Answers that stay the same until the next deployment. */
import { createHash } from 'node:crypto';
import type { Answer } from '../declare.ts';

/** Kept by the browser, asked about each time. */
export function unchanging(type: string, body: string | Buffer): Answer {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  return { type, body, headers: { 'Cache-Control': 'no-cache', ETag: etag } };
}
