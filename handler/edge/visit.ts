/** One HTTP event from request to answer: ids, scope, deadline, app, failures, the line in the log. */
import type { ServerResponse } from 'node:http';
import { isCodedError } from '../../artifact/error.ts';
import type { Logger } from '../log.ts';
import type { Answer } from './answer.ts';
import type { BodySink } from './capture.ts';
import type { Fields, HttpSource } from './classify.ts';
import { isFields } from './classify.ts';
import { startDeadline } from './deadline.ts';
import type { Problem } from './errors.ts';
import { EdgeError, internalProblem } from './errors.ts';
import type { Extras } from './finish.ts';
import { finishResponse, problemAnswer, writtenResponse } from './finish.ts';
import { chooseRequestId, functionRequestId, traceIdOf } from './ids.ts';
import { isSecretHeader } from './redact.ts';
import type { Reporter } from './report.ts';
import type { CanonicalRequest } from './request.ts';
import { readRequest } from './request.ts';
import type { Scope } from './scope.ts';
import { runInScope } from './scope.ts';
import type { Exchange, Serve } from './serve.ts';
import type { EdgeSettings } from './settings.ts';

export interface Visit {
  readonly source: HttpSource;
  /** Undefined where the event is no valid request; `invalid` then says why. */
  readonly request: CanonicalRequest | undefined;
  readonly invalid: Problem | undefined;
  readonly event: Fields;
  readonly context: unknown;
  readonly requestId: string;
  readonly scope: Scope;
  /** `Server-Timing` of the cold start; on the first answer alone. */
  readonly serverTiming: string | undefined;
  readonly startedAt: number;
}

export interface VisitTools {
  readonly settings: EdgeSettings;
  readonly logger: Logger;
  readonly reporter: Reporter;
}

/** Reads the request and its ids. Never throws: what is wrong with the request is in `invalid`. */
export function openVisit(
  source: HttpSource,
  event: Fields,
  context: unknown,
  first: { readonly coldStart: boolean; readonly serverTiming: string | undefined },
  settings: EdgeSettings,
): Visit {
  const startedAt = performance.now();
  let request: CanonicalRequest | undefined;
  let invalid: Problem | undefined;
  try {
    request = readRequest(source, event);
  } catch (error) {
    invalid = requestProblem(error);
  }
  const requestContext = isFields(event['requestContext']) ? event['requestContext'] : {};
  const functionId = functionRequestId(context);
  const requestId = chooseRequestId(
    request?.headers['x-request-id'],
    requestContext['requestId'],
    functionId,
  );
  if (request !== undefined) request.headers['x-request-id'] = requestId;
  const traceHeader = process.env['_X_AMZN_TRACE_ID'] ?? request?.headers['x-amzn-trace-id'];
  const scope: Scope = {
    functionRequestId: functionId,
    correlationId: requestId,
    traceId: traceIdOf(traceHeader),
    coldStart: first.coldStart,
    secrets: () => secretsOf(request, settings),
    appFailed: false,
  };
  const { serverTiming } = first;
  return { source, request, invalid, event, context, requestId, scope, serverTiming, startedAt };
}

/**
 * Sends a visit through the app. Answers 504 when the time runs out and 500 when the app fails before its answer
 * began; rejects with `RESPONSE_STREAM_FAILED` when it fails after that, so that nobody takes half an answer for a
 * whole one.
 */
export function serveVisit(
  visit: Visit,
  serve: Serve,
  remainingMs: number,
  tools: VisitTools,
): Promise<Answer> {
  const { request } = visit;
  if (request === undefined)
    return Promise.resolve(answerProblem(visit, visit.invalid ?? internalProblem, tools));
  return runInScope(visit.scope, async () => {
    const body = createMemory();
    let expire: (problem: Problem) => void = () => {};
    const expired = new Promise<Problem>(resolve => {
      expire = resolve;
    });
    const deadline = startDeadline(remainingMs, () => expire(timeoutProblem));
    const exchange: Exchange = {
      request,
      requestId: visit.requestId,
      event: visit.event,
      context: visit.context,
      signal: deadline.signal,
      sink: body.sink,
    };
    try {
      const late = await Promise.race([serve(exchange), expired]);
      if (late !== undefined) return answerProblem(visit, late, tools);
    } catch (error) {
      tools.logger.log('ERROR', 'the app failed', { error });
      if (body.started()) throw streamFailure(visit, exchange, tools);
      return answerProblem(visit, internalProblem, tools);
    } finally {
      deadline.clear();
    }
    return answerResponse(visit, request, exchange, body.bytes(), tools);
  });
}

/** Answers with a failure of the edge and writes the line of the request. */
export function answerProblem(visit: Visit, problem: Problem, tools: VisitTools): Answer {
  const { request, source } = visit;
  const answer = problemAnswer(
    source,
    problem,
    extrasOf(visit),
    tools.settings,
    request?.headers['accept'],
    request?.method ?? 'GET',
  );
  report(visit, problem.status, undefined, tools);
  return answer;
}

function answerResponse(
  visit: Visit,
  request: CanonicalRequest,
  exchange: Exchange,
  bytes: string | Buffer,
  tools: VisitTools,
): Answer {
  const response = exchange.response as ServerResponse;
  if (visit.scope.appFailed && isKoaDefault(response, bytes))
    return answerProblem(visit, internalProblem, tools);
  const answer = finishResponse(request, writtenResponse(response, bytes), extrasOf(visit), tools.settings);
  report(visit, answer.statusCode, exchange, tools);
  return answer;
}

/** What Koa says of an error that nobody caught; an app that caught it has a body of its own. */
function isKoaDefault(response: ServerResponse, bytes: string | Buffer): boolean {
  return response.statusCode === 500 && bytes.toString() === 'Internal Server Error';
}

function streamFailure(visit: Visit, exchange: Exchange, tools: VisitTools): EdgeError {
  report(visit, 500, exchange, tools);
  const error = new EdgeError(
    'RESPONSE_STREAM_FAILED',
    `the response ended before its end (request ${visit.requestId})`,
  );
  // the runtime sends the stack to whoever invoked: it names our folders
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

function report(visit: Visit, status: number, exchange: Exchange | undefined, tools: VisitTools): void {
  const { request, source } = visit;
  tools.reporter.request(
    {
      source,
      method: request?.method ?? '-',
      route: routeOf(exchange?.incoming?.route),
      status,
      durationMs: performance.now() - visit.startedAt,
    },
    visit.scope,
  );
}

/** The template an app named; Express puts an object with `path` there itself. */
function routeOf(route: unknown): string {
  const template = isFields(route) ? route['path'] : route;
  return typeof template === 'string' && template !== '' ? template : 'unmatched';
}

function extrasOf(visit: Visit): Extras {
  return { requestId: visit.requestId, serverTiming: visit.serverTiming };
}

const timeoutProblem: Problem = { status: 504, code: 'TIMEOUT', detail: 'The request took too long' };

function requestProblem(error: unknown): Problem {
  if (!isCodedError(error)) return internalProblem;
  const status = error.code === 'REQUEST_TOO_LARGE' ? 413 : 400;
  return { status, code: error.code, detail: error.message };
}

/** Values a client sent as credentials: an error that quotes one must not carry it into the log. */
function secretsOf(request: CanonicalRequest | undefined, settings: EdgeSettings): readonly string[] {
  if (request === undefined) return [];
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (!isSecretHeader(name, settings.redactHeaders)) continue;
    secrets.push(value, ...value.split(/[\s;,=]+/));
  }
  return secrets.filter(value => value.length >= 6);
}

/** The whole response in memory: a text stays a text as long as it is the only piece. */
function createMemory(): { sink: BodySink; started: () => boolean; bytes: () => string | Buffer } {
  const chunks: (string | Buffer)[] = [];
  let started = false;
  return {
    sink: {
      start() {
        started = true;
      },
      write(chunk, encoding, done) {
        chunks.push(typeof chunk === 'string' && encoding !== 'utf8' ? Buffer.from(chunk, encoding) : chunk);
        done();
        return true;
      },
    },
    started: () => started,
    bytes() {
      const [only] = chunks;
      if (chunks.length <= 1) return only ?? '';
      return Buffer.concat(chunks.map(chunk => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)));
    },
  };
}
