/** A response → the answer in the schema of the event's source. Pure. */
import { isUtf8 } from 'node:buffer';
import type { OutgoingHttpHeaders } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { HttpSource } from './classify.ts';

/** A complete response, whatever its source. */
export interface AppResponse {
  readonly status: number;
  /** A copy of the app's, with lower-case names: the edge adds its own to it. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Buffer;
}

/** One of four schemas; the source decides which fields are there. */
export interface Answer {
  statusCode: number;
  statusDescription?: string;
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  cookies?: string[];
  body: string;
  isBase64Encoded: boolean;
}

/** Types whose bytes are text. Everything else is binary, and so is everything with a content encoding. */
const textType =
  /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|yaml)\b|application\/(?:javascript|ecmascript|x-javascript|x-www-form-urlencoded|x-ndjson|ndjson|jsonl|json-seq|graphql|sql|toml|x-yaml|x-sh|rtf)\b|image\/svg\+xml)/i;
const utf8Charset = /charset\s*=\s*["']?\s*(?:utf-?8|us-ascii)\b/i;

/**
 * - `rest-v1`: single values in `headers`, repeated ones in `multiValueHeaders`
 * - `http-v2`, `function-url`: `headers` joined by commas, `cookies` apart
 * - `alb`: `headers` alone; `alb-multi`: `multiValueHeaders` alone
 *
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#respond-to-load-balancer
 */
export function formatAnswer(source: HttpSource, response: AppResponse): Answer {
  const { body, isBase64Encoded } = formatBody(response);
  const answer: Answer = { statusCode: response.status, body, isBase64Encoded };
  switch (source) {
    case 'http-v2':
    case 'function-url':
      return formatV2(answer, response.headers);
    case 'rest-v1':
      return formatV1(answer, response.headers);
    case 'alb':
      answer.statusDescription = statusDescription(response.status);
      return formatAlbSingle(answer, response.headers);
    case 'alb-multi':
      answer.statusDescription = statusDescription(response.status);
      return formatAlbMulti(answer, response.headers);
  }
}

/** True where the bytes may be sent as a text. */
export function isTextResponse(headers: Readonly<OutgoingHttpHeaders>): boolean {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && String(encoding).trim().toLowerCase() !== 'identity') return false;
  const type = headers['content-type'];
  return type !== undefined && isTextType(String(type));
}

/** Few types come again and again: each is judged once. Bounded, because an app may put anything into one. */
const knownTypes = new Map<string, boolean>();
const mostTypes = 256;

function isTextType(type: string): boolean {
  const known = knownTypes.get(type);
  if (known !== undefined) return known;
  const isText = textType.test(type) && (!/charset/i.test(type) || utf8Charset.test(type));
  if (knownTypes.size < mostTypes) knownTypes.set(type, isText);
  return isText;
}

/** Status, headers and cookies as the prelude of a response stream wants them. */
export function formatHead(response: Pick<AppResponse, 'status' | 'headers'>): {
  statusCode: number;
  headers: Record<string, string>;
  cookies: string[];
} {
  const answer: Answer = { statusCode: response.status, body: '', isBase64Encoded: false };
  const { headers = {}, cookies = [] } = formatV2(answer, response.headers);
  return { statusCode: response.status, headers, cookies };
}

function formatBody(response: AppResponse): { body: string; isBase64Encoded: boolean } {
  const { body, headers } = response;
  if (body.length === 0) return { body: '', isBase64Encoded: false };
  const text = isTextResponse(headers);
  if (typeof body === 'string') {
    return text
      ? { body, isBase64Encoded: false }
      : { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
  }
  // bytes that are no UTF-8 would be replaced by U+FFFD on their way through JSON
  return text && isUtf8(body)
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}

function formatV2(answer: Answer, headers: Readonly<OutgoingHttpHeaders>): Answer {
  const single: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (name === 'set-cookie') answer.cookies = valuesOf(value);
    else single[name] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  answer.headers = single;
  return answer;
}

function formatV1(answer: Answer, headers: Readonly<OutgoingHttpHeaders>): Answer {
  const single: Record<string, string> = {};
  const multi: Record<string, string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (Array.isArray(value)) multi[name] = value.map(String);
    else single[name] = String(value);
  }
  answer.headers = single;
  answer.multiValueHeaders = multi;
  return answer;
}

function formatAlbMulti(answer: Answer, headers: Readonly<OutgoingHttpHeaders>): Answer {
  const multi: Record<string, string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) multi[name] = valuesOf(value);
  }
  answer.multiValueHeaders = multi;
  return answer;
}

/**
 * One value a name is all a load balancer takes here, and cookies cannot be joined. It compares names with their
 * case, though, so that each further cookie goes under another spelling of `set-cookie`.
 */
function formatAlbSingle(answer: Answer, headers: Readonly<OutgoingHttpHeaders>): Answer {
  const single: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (name === 'set-cookie') {
      for (const [index, cookie] of valuesOf(value).entries()) single[spelling(name, index)] = cookie;
    } else single[name] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  answer.headers = single;
  return answer;
}

/** The n-th spelling of a name: the bits of n say which letters are upper case. */
function spelling(name: string, n: number): string {
  let letter = 0;
  return name.replace(/[a-z]/g, character => ((n >> letter++) & 1 ? character.toUpperCase() : character));
}

function valuesOf(value: number | string | readonly string[]): string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function statusDescription(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
}
