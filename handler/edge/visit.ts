import { isCodedError } from '../../artifact/error.ts';
import { monotonic } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Fields, HttpEvent, HttpSource } from './classify.ts';
import { isFields } from './classify.ts';
import type { Problem } from './errors.ts';
import { internalProblem } from './errors.ts';
import type { Extras } from './finish.ts';
import { chooseRequestId, functionRequestId, traceIdOf } from './ids.ts';
import { inputsOf, secretsOf } from './inputs.ts';
import type { Reporter } from './report.ts';
import { isAhead } from './report.ts';
import type { CanonicalRequest } from './request.ts';
import { readRequest } from './request.ts';
import type { Scope } from './scope.ts';
import type { EdgeSettings } from './settings.ts';

export interface Visit extends Extras, Scope {
  readonly source: HttpSource;
  /** Undefined where the event is no valid request; `invalid` then says why. */
  readonly request: CanonicalRequest | undefined;
  readonly invalid: Problem | undefined;
  /** Known even where the rest of the request is not valid: HEAD is answered without a body. */
  readonly method: string;
  readonly event: Fields;
  readonly context: unknown;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
}

export interface VisitTools {
  readonly settings: EdgeSettings;
  readonly logger: Logger;
  readonly reporter: Reporter;
}

/**
 * Reads the request and its ids. Never throws: what is wrong with the request is in `invalid`.
 * @param isFirst the environment has answered nothing yet
 */
export function openVisit(
  { source, event }: HttpEvent,
  context: unknown,
  settings: EdgeSettings,
  isFirst: boolean,
  serverTiming: string | undefined,
): Visit {
  const startedAt = monotonic();
  let request: CanonicalRequest | undefined;
  let invalid: Problem | undefined;
  try {
    request = readRequest(source, event);
  } catch (error) {
    invalid = requestProblem(error);
  }
  return new OpenVisit(source, request, invalid, event, context, settings, isFirst, serverTiming, startedAt);
}

/** The visit is the scope of its log lines as well: one object instead of two with a closure for each question. */
class OpenVisit implements Visit {
  readonly source: HttpSource;
  readonly request: CanonicalRequest | undefined;
  readonly invalid: Problem | undefined;
  readonly method: string;
  readonly event: Fields;
  readonly context: unknown;
  readonly startedAt: number;
  readonly serverTiming: string | undefined;
  readonly functionRequestId: string | undefined;
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly coldStart: boolean;
  appFailed = false;
  readonly #settings: EdgeSettings;

  constructor(
    source: HttpSource,
    request: CanonicalRequest | undefined,
    invalid: Problem | undefined,
    event: Fields,
    context: unknown,
    settings: EdgeSettings,
    isFirst: boolean,
    serverTiming: string | undefined,
    startedAt: number,
  ) {
    this.source = source;
    this.request = request;
    this.invalid = invalid;
    this.method = request?.method ?? methodOf(source, event);
    this.event = event;
    this.context = context;
    this.startedAt = startedAt;
    this.serverTiming = serverTiming;
    this.functionRequestId = functionRequestId(context);
    this.requestId = chooseRequestId(
      request?.headers['x-request-id'],
      (event['requestContext'] as Fields | undefined)?.['requestId'],
      this.functionRequestId,
    );
    if (request !== undefined) request.headers['x-request-id'] = this.requestId;
    this.traceId = traceIdOf(request?.headers['x-amzn-trace-id']);
    this.coldStart = isFirst && !isAhead(settings);
    this.#settings = settings;
  }

  get correlationId(): string {
    return this.requestId;
  }

  secrets(): readonly string[] {
    return secretsOf(this.request, this.#settings);
  }

  inputs(): readonly string[] {
    return inputsOf(this.request);
  }
}

/** Writes the line of a request: log and metrics. */
export function report(visit: Visit, status: number, route: unknown, tools: VisitTools): void {
  const { source, method } = visit;
  tools.reporter.request(
    {
      source,
      method,
      route: routeOf(route),
      status,
      durationMs: monotonic() - visit.startedAt,
    },
    visit,
  );
}

/** Of an event that is no valid request, as far as it can be told. */
function methodOf(source: HttpSource, event: Fields): string {
  const context = event['requestContext'] as { readonly http?: { readonly method?: unknown } } | undefined;
  const isSecond = source === 'http-v2' || source === 'function-url';
  const method = isSecond ? context?.http?.method : event['httpMethod'];
  return typeof method === 'string' && /^[A-Za-z]{1,16}$/.test(method) ? method.toUpperCase() : '-';
}

/** The template an app named; Express puts an object with `path` there itself. */
function routeOf(route: unknown): string {
  const template = isFields(route) ? route['path'] : route;
  return typeof template === 'string' && template !== '' ? template : 'unmatched';
}

export const timeoutProblem: Problem = { status: 504, code: 'TIMEOUT', detail: 'The request took too long' };

function requestProblem(error: unknown): Problem {
  if (!isCodedError(error)) return internalProblem;
  const status = error.code === 'REQUEST_TOO_LARGE' ? 413 : 400;
  return { status, code: error.code, detail: error.message };
}
