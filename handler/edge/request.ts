/** Lambda event → canonical HTTP request. Pure: the event is read, never changed. */
import type { Fields, HttpSource } from './classify.ts';
import { isFields } from './classify.ts';
import { EdgeError } from './errors.ts';
import { decodedPath, decodedQuery, encodedPath, rawQuery, undecodedQuery } from './url.ts';

export interface CanonicalRequest {
  readonly source: HttpSource;
  readonly method: string;
  /** Path and query as an HTTP/1.1 client would have written them. */
  readonly url: string;
  /** Lower-case names; repeated headers joined as `node:http` joins them. */
  readonly headers: Record<string, string>;
  /** Name, value, name, value: repeated headers apart and in order. */
  readonly rawHeaders: string[];
  readonly body: Buffer;
  /** Address of the client as the gateway saw it; never taken from what the client wrote. */
  readonly remoteAddress: string | undefined;
  /** The gateway's own id of this request. */
  readonly gatewayId: string | undefined;
}

/** Bytes of an invocation payload. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const payloadLimit = 6_291_556;

/** RFC 9110 `token`. */
const token = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Headers of which `node:http` keeps the first, because a list of them has no meaning. */
const single = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
]);

/**
 * Reads an event of a known source.
 *
 * Throws `REQUEST_INVALID` when a field cannot be part of an HTTP request (a method that is no token, a header with
 * a line feed, a body that is not base64 though it says so) and `REQUEST_TOO_LARGE` over Lambda's own limit.
 */
export function readRequest(source: HttpSource, event: Fields): CanonicalRequest {
  const context = isFields(event['requestContext']) ? event['requestContext'] : {};
  const http = isFields(context['http']) ? context['http'] : {};
  const second = source === 'http-v2' || source === 'function-url';
  const method = String(second ? http['method'] : event['httpMethod']).toUpperCase();
  if (!token.test(method)) throw invalid('the method', 'an HTTP token');

  const headers: Record<string, string> = {};
  const rawHeaders: string[] = [];
  readHeaders(event, source === 'rest-v1' || source === 'alb-multi', headers, rawHeaders);
  if (second && headers['cookie'] === undefined) readCookies(event['cookies'], headers, rawHeaders);

  const body = readBody(event);
  if (
    body.length > 0 &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  ) {
    headers['content-length'] = String(body.length);
    rawHeaders.push('content-length', headers['content-length']);
  }
  const query = readQuery(source, event);
  const path = readPath(source, event, http);
  return {
    source,
    method,
    url: query === '' ? path : `${path}?${query}`,
    headers,
    rawHeaders,
    body,
    remoteAddress: readAddress(source, context, http, headers),
    gatewayId: optionalText(context['requestId']),
  };
}

/** Gateways of format 2.0 give `rawPath`; hand-made events often nothing but one of the other two. */
function readPath(source: HttpSource, event: Fields, http: Fields): string {
  const path = optionalText(event['path']);
  switch (source) {
    case 'http-v2':
      return decodedPath(optionalText(event['rawPath']) ?? optionalText(http['path']) ?? path ?? '/');
    case 'function-url':
      return encodedPath(optionalText(event['rawPath']) ?? optionalText(http['path']) ?? path ?? '/');
    case 'rest-v1':
    case 'alb':
    case 'alb-multi':
      return encodedPath(path ?? '/');
  }
}

function readQuery(source: HttpSource, event: Fields): string {
  switch (source) {
    case 'http-v2':
    case 'function-url':
      if (typeof event['rawQueryString'] === 'string') return rawQuery(event['rawQueryString']);
      return decodedQuery(parametersOf(event));
    case 'rest-v1':
      return decodedQuery(parametersOf(event));
    case 'alb':
    case 'alb-multi':
      return undecodedQuery(parametersOf(event));
  }
}

/** The multi-value map is complete wherever it is given; the other one then repeats the last values of it. */
function* parametersOf(event: Fields): Generator<readonly [string, string]> {
  const multi = event['multiValueQueryStringParameters'];
  if (isFields(multi) && Object.keys(multi).length > 0) {
    for (const name of Object.keys(multi)) {
      for (const value of listOf(multi[name], 'multiValueQueryStringParameters')) {
        yield [name, textOf(value, 'a query value')];
      }
    }
    return;
  }
  const plain = event['queryStringParameters'];
  if (plain === undefined || plain === null) return;
  if (!isFields(plain)) throw invalid('queryStringParameters', 'an object');
  for (const name of Object.keys(plain)) yield [name, textOf(plain[name], 'a query value')];
}

function readHeaders(
  event: Fields,
  mayRepeat: boolean,
  headers: Record<string, string>,
  rawHeaders: string[],
): void {
  const multi = mayRepeat && isFields(event['multiValueHeaders']) ? event['multiValueHeaders'] : undefined;
  const plain = event['headers'] ?? {};
  if (!isFields(plain)) throw invalid('headers', 'an object');
  const given = multi === undefined ? undefined : new Set<string>();
  if (multi !== undefined) {
    for (const name in multi) {
      given?.add(name.toLowerCase());
      const values = multi[name];
      if (values === null || values === undefined) continue;
      for (const value of listOf(values, 'multiValueHeaders')) addHeader(headers, rawHeaders, name, value);
    }
  }
  for (const name in plain) {
    const value = plain[name];
    if (value === null || value === undefined || given?.has(name.toLowerCase())) continue;
    addHeader(headers, rawHeaders, name, value);
  }
}

function addHeader(
  headers: Record<string, string>,
  rawHeaders: string[],
  name: string,
  value: unknown,
): void {
  const text = typeof value === 'string' ? value : textOf(value, 'a header value');
  const key = lowerName(name);
  if (hasControl(text)) throw invalid(`the header ${name}`, 'no control characters');
  rawHeaders.push(name, text);
  const before: unknown = headers[key];
  // `constructor` and its kind are found on every object; `__proto__` cannot be set to a text at all
  if (typeof before !== 'string') headers[key] = text;
  else if (!single.has(key)) headers[key] = `${before}${key === 'cookie' ? '; ' : ', '}${text}`;
}

/** What RFC 9110 keeps out of a `field-value`: control characters but the tab. A pattern takes twice the time, on every header. */
function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7f || (code < 0x20 && code !== 0x09)) return true;
  }
  return false;
}

/** Few names come again and again: each is checked and lowered once. Bounded, because clients choose names. */
const knownNames = new Map<string, string>();
const mostNames = 512;

function lowerName(name: string): string {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  if (!token.test(name)) throw invalid('a header name', 'an HTTP token');
  const lower = name.toLowerCase();
  if (knownNames.size < mostNames) knownNames.set(name, lower);
  return lower;
}

/** HTTP APIs take the cookies out of the headers; function URLs may leave a copy there. */
function readCookies(value: unknown, headers: Record<string, string>, rawHeaders: string[]): void {
  if (value === undefined || value === null) return;
  const cookies = listOf(value, 'cookies').map(cookie => textOf(cookie, 'a cookie'));
  if (cookies.length > 0) addHeader(headers, rawHeaders, 'cookie', cookies.join('; '));
}

function readBody(event: Fields): Buffer {
  const body = event['body'];
  if (body === undefined || body === null || body === '') return empty;
  if (typeof body !== 'string') throw invalid('the body', 'a text');
  if (event['isBase64Encoded'] !== true) return within(Buffer.from(body));
  if (!base64.test(body) || body.length % 4 === 1)
    throw invalid('the body', 'base64, as isBase64Encoded says');
  return within(Buffer.from(body, 'base64'));
}

const empty = Buffer.alloc(0);

function within(body: Buffer): Buffer {
  if (body.length <= payloadLimit) return body;
  throw new EdgeError(
    'REQUEST_TOO_LARGE',
    `Request body too large (limit ${payloadLimit} bytes, found ${body.length})`,
  );
}

/**
 * API Gateway and function URLs name the address; a load balancer appends it to what the client sent, so only the
 * last one is its own. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
 */
function readAddress(
  source: HttpSource,
  context: Fields,
  http: Fields,
  headers: Record<string, string>,
): string | undefined {
  switch (source) {
    case 'http-v2':
    case 'function-url':
      return optionalText(http['sourceIp']);
    case 'rest-v1':
      return isFields(context['identity']) ? optionalText(context['identity']['sourceIp']) : undefined;
    case 'alb':
    case 'alb-multi':
      return headers['x-forwarded-for']?.split(',').at(-1)?.trim() || undefined;
  }
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Numbers and booleans are what hand-made test events hold in place of texts. */
function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(what, 'a text');
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [value];
  if (value === null || value === undefined) return [];
  throw invalid(what, 'a list of texts');
}

/** The message goes to the client: it names the part of the request, never its value. */
function invalid(what: string, expected: string): EdgeError {
  return new EdgeError('REQUEST_INVALID', `Invalid request: ${what} is not valid (expected ${expected})`);
}
