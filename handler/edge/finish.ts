/** The app's response → what leaves the edge: bodiless statuses, 304, compression, the edge's own headers, the size. */
import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Answer, AppResponse } from './answer.ts';
import { formatAnswer } from './answer.ts';
import type { HttpSource } from './classify.ts';
import { compress } from './compress.ts';
import { applyConditions } from './conditional.ts';
import type { Problem } from './errors.ts';
import { formatProblem } from './errors.ts';
import { exceedsLimit, limitOf } from './limits.ts';
import type { CanonicalRequest } from './request.ts';
import type { EdgeSettings } from './settings.ts';

/** What the edge adds to every answer of one request. */
export interface Extras {
  readonly requestId: string;
  /** `Server-Timing` of the cold start, on the first answer alone. */
  readonly serverTiming: string | undefined;
}

/** A complete response of the app → the answer to the event. */
export function finishResponse(
  request: CanonicalRequest,
  written: AppResponse,
  extras: Extras,
  settings: EdgeSettings,
): Answer {
  const bare = withoutBody(request.method, written);
  const fresh = applyConditions(request, bare);
  const response = compress(request, fresh, settings.encodings);
  addExtras(response.headers, extras, settings);
  const answer = formatAnswer(request.source, response);
  if (!exceedsLimit(request.source, answer)) return answer;
  const problem = tooLarge(request.source, settings.streamingUrl);
  return problemAnswer(request.source, problem, extras, settings, request.headers['accept'], request.method);
}

/** A failure at the edge → the answer to the event, in the schema of its source. */
export function problemAnswer(
  source: HttpSource,
  problem: Problem,
  extras: Extras,
  settings: EdgeSettings,
  accept: string | undefined,
  method: string,
): Answer {
  const { status, headers, body } = formatProblem(problem, extras.requestId, accept, method);
  addExtras(headers, extras, settings);
  return formatAnswer(source, { status, headers, body });
}

/** The status, headers and body an app wrote; the headers as a copy, because what follows changes them. */
export function writtenResponse(response: ServerResponse, body: string | Buffer): AppResponse {
  const headers: OutgoingHttpHeaders = {};
  // `getHeaders` has no prototype, and objects without one are slow to read and to write
  for (const name of response.getHeaderNames()) {
    if (name !== '__proto__') headers[name] = response.getHeader(name) as OutgoingHttpHeader;
  }
  return { status: response.statusCode, headers, body };
}

export function addExtras(headers: OutgoingHttpHeaders, extras: Extras, settings: EdgeSettings): void {
  headers['x-request-id'] = extras.requestId;
  if (settings.debug) headers['x-debug-mode'] = 'true';
  if (extras.serverTiming !== undefined) {
    const own = headers['server-timing'];
    headers['server-timing'] =
      own === undefined ? extras.serverTiming : `${String(own)}, ${extras.serverTiming}`;
  }
}

/** RFC 9110: no content in the answer to HEAD (15.x keeps its length), nor in 1xx, 204, 205 and 304. */
export function withoutBody(method: string, response: AppResponse): AppResponse {
  const { status, headers } = response;
  if (status === 204 || status === 205 || status === 304 || status < 200) {
    const { 'content-length': _, 'content-type': type, ...rest } = headers;
    const kept = status === 304 && type !== undefined ? { ...rest, 'content-type': type } : rest;
    return { status, headers: kept, body: '' };
  }
  return method === 'HEAD' ? { status, headers, body: '' } : response;
}

function tooLarge(source: HttpSource, streamingUrl: string | undefined): Problem {
  const limit = limitOf(source);
  const pointer = streamingUrl === undefined ? '' : `; ask ${streamingUrl} for it instead`;
  return {
    status: 413,
    code: 'RESPONSE_TOO_LARGE',
    detail: `The response is over the limit of ${limit} bytes: narrow the request${pointer}`,
    extra: { limit_bytes: limit, ...(streamingUrl === undefined ? {} : { streaming_url: streamingUrl }) },
  };
}
