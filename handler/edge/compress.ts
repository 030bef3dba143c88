/** Content encoding: negotiated, above 1 KB, for texts that are not encoded yet. */
import type { OutgoingHttpHeaders } from 'node:http';
import zlib from 'node:zlib';
import type { AppResponse } from './answer.ts';
import { isTextResponse } from './answer.ts';
import type { CanonicalRequest } from './request.ts';
import type { Encoding } from './settings.ts';

/** Below this the headers cost more than the encoding saves. */
export const compressFrom = 1024;

/**
 * Encodes the body with the best encoding both sides know, adds `Vary` wherever the answer depends on it, weakens a
 * strong ETag. Left alone: what is encoded already, `no-transform`, partial content, binary types, short bodies.
 */
export function compress(
  request: CanonicalRequest,
  response: AppResponse,
  offered: readonly Encoding[],
): AppResponse {
  const { body } = response;
  // a character of a text is at most three bytes
  if (offered.length === 0 || body.length * 3 < compressFrom) return response;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (length < compressFrom || !isCompressible(response)) return response;
  const headers = { ...response.headers, vary: varyOn(response.headers['vary']) };
  const encoding = chooseEncoding(request.headers['accept-encoding'], offered);
  if (encoding === undefined) return { ...response, headers };
  const packed = encode(encoding, typeof body === 'string' ? Buffer.from(body) : body);
  return { ...response, headers: encodedHeaders(headers, encoding, packed.length), body: packed };
}

/** True where the content may be encoded at all. */
export function isCompressible(response: Pick<AppResponse, 'status' | 'headers'>): boolean {
  const { status, headers } = response;
  if (status === 206 || headers['content-range'] !== undefined) return false;
  if (/\bno-transform\b/i.test(String(headers['cache-control'] ?? ''))) return false;
  return headers['content-encoding'] === undefined && isTextResponse(headers);
}

/** Headers of the encoded answer; without `length` (a stream) the app's own length is dropped. */
export function encodedHeaders(
  headers: Readonly<OutgoingHttpHeaders>,
  encoding: Encoding,
  length: number | undefined,
): OutgoingHttpHeaders {
  const { 'content-length': _, etag, ...rest } = headers;
  const tag = typeof etag === 'string' && !etag.startsWith('W/') ? `W/${etag}` : etag;
  return {
    ...rest,
    'content-encoding': encoding,
    ...(length === undefined ? {} : { 'content-length': String(length) }),
    ...(tag === undefined ? {} : { etag: tag }),
  };
}

export function varyOn(vary: unknown): string {
  if (vary === undefined) return 'Accept-Encoding';
  const text = Array.isArray(vary) ? vary.join(', ') : String(vary);
  return /\*|accept-encoding/i.test(text) ? text : `${text}, Accept-Encoding`;
}

/**
 * RFC 9110, 12.5.3: the client's highest weight wins, our order breaks ties. Without the header nothing is encoded:
 * clients that do not send it seldom decode.
 */
export function chooseEncoding(
  accepted: string | undefined,
  offered: readonly Encoding[],
): Encoding | undefined {
  if (accepted === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const item of accepted.slice(0, 1024).toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map(part => part.trim());
    const q = parameters.find(parameter => parameter.startsWith('q='))?.slice(2);
    const weight = q === undefined ? 1 : Number(q);
    if (name !== '') weights.set(name, Number.isFinite(weight) ? weight : 0);
  }
  let best: Encoding | undefined;
  let bestWeight = 0;
  for (const encoding of offered) {
    const weight = weights.get(encoding) ?? weights.get('*') ?? 0;
    if (weight > bestWeight) {
      best = encoding;
      bestWeight = weight;
    }
  }
  return (weights.get('identity') ?? 0) > bestWeight ? undefined : best;
}

const { constants } = zlib;
/** Level 4 takes a fifth of the time of brotli's default 11, for some percent more bytes. */
const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

function encode(encoding: Encoding, body: Buffer): Buffer {
  switch (encoding) {
    case 'zstd':
      return zlib.zstdCompressSync(body);
    case 'br':
      return zlib.brotliCompressSync(body, brotli);
    case 'gzip':
      return zlib.gzipSync(body);
  }
}
