/** One request to a service of others: deadline over the whole answer, no redirects, no decoding, sizes bounded. */
import { type IncomingHttpHeaders, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { HttpError } from '../http/errors.ts';

export interface Ask {
  /** Name of the service for messages, e.g. `GitHub`. */
  readonly service: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Aborts when the client's time is over. */
  readonly signal: AbortSignal;
  /** Milliseconds for the whole answer, body included. */
  readonly deadline: number;
  readonly measure: Measure;
}

/** Told how long an upstream took to its first byte, and whether it failed us. */
export type Measure = (upstream: string, ms: number, failed: boolean) => void;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Headers as they were spelled, without those that are no one else's business. */
  readonly shown: Readonly<Record<string, string>>;
  readonly body: IncomingMessage;
  /** The failure of the body in words for the client. */
  explain(error: unknown): HttpError;
}

/** Headers of an upstream that concern its own connection, its cookies or our token. */
const hidden =
  /^(set-cookie|connection|keep-alive|transfer-encoding|x-(accepted-)?oauth-.*|.*-authentication-.*)$/i;

/**
 * Sends a GET with `node:http`: fetch would load undici (25–45 ms), follow redirects and decode bodies. Redirects are
 * answers here. Retried once when a kept-alive connection turns out dead, which a thawed environment sees often.
 *
 * Throws `HttpError` 502 (cannot be reached, broke off, sent an encoding that was not asked for) or 504 (deadline).
 */
export async function ask(request: Ask, retried = false): Promise<Reply> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(request.deadline)]);
  const explain = (error: unknown) => explainFailure(request, signal, error);
  const send = request.url.protocol === 'https:' ? requestTls : requestPlain;
  const headers = { 'User-Agent': 'github-digest', ...request.headers, 'Accept-Encoding': 'identity' };
  const req = send(request.url, { headers, signal });
  const start = performance.now();
  let body: IncomingMessage;
  try {
    body = await new Promise<IncomingMessage>((resolve, reject) => {
      // A switch of protocols that nobody asked for ends in `close` alone.
      req
        .on('response', resolve)
        .on('error', reject)
        .on('close', () => reject(brokenOff()))
        .end();
    });
  } catch (error) {
    if (req.reusedSocket && !retried && codeOf(error) === 'ECONNRESET') return ask(request, true);
    request.measure(request.service, performance.now() - start, true);
    throw explain(error);
  }
  request.measure(request.service, performance.now() - start, (body.statusCode ?? 0) >= 500);
  const encoding = body.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    body.destroy();
    throw new HttpError(502, `${request.service} sent an encoding that was not asked for`);
  }
  return {
    status: body.statusCode ?? 0,
    headers: body.headers,
    shown: shownHeaders(body.rawHeaders),
    body,
    explain,
  };
}

/** The body as text. Throws `HttpError` 502 when it is larger than `most` bytes, breaks off or is no UTF-8. */
export async function readText(reply: Reply, service: string, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of reply.body) {
      size += (chunk as Buffer).length;
      if (size > most) throw new HttpError(502, `${service} answered more than ${most} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw reply.explain(error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The body as JSON. Throws `HttpError` 502 also when it is none. */
export async function readJson(reply: Reply, service: string, most: number): Promise<unknown> {
  const text = await readText(reply, service, most);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HttpError(502, `${service} answered with something that is no JSON`, { cause });
  }
}

/** Seconds since `start` of `performance.now()`, three decimals. */
export function secondsSince(start: number): number {
  return Math.round(performance.now() - start) / 1000;
}

function explainFailure({ service, deadline }: Ask, signal: AbortSignal, error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (signal.aborted)
    return new HttpError(504, `${service} did not answer in time (${deadline} ms)`, { cause: error });
  const code = codeOf(error);
  const what =
    code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE'
      ? 'broke off its answer'
      : 'cannot be reached';
  return new HttpError(502, `${service} ${what} (${code})`, { cause: error });
}

function brokenOff(): Error {
  return Object.assign(new Error('closed without an answer'), { code: 'ECONNRESET' });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'no code';
}

function shownHeaders(raw: readonly string[]): Record<string, string> {
  const shown: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!hidden.test(name)) shown[name] = raw[i + 1] ?? '';
  }
  return shown;
}
