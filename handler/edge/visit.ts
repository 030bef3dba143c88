import { isCodedError } from '../../artifact/error.ts';
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

export interface Visit extends Extras {
  readonly source: HttpSource;
  /** Undefined where the event is no valid request; `invalid` then says why. */
  readonly request: CanonicalRequest | undefined;
  readonly invalid: Problem | undefined;
  /** Known even where the rest of the request is not valid: HEAD is answered without a body. */
  readonly method: string;
  readonly event: Fields;
  readonly context: unknown;
  readonly scope: Scope;
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
  const startedAt = performance.now();
  let request: CanonicalRequest | undefined;
  let invalid: Problem | undefined;
  try {
    request = readRequest(source, event);
  } catch (error) {
    invalid = requestProblem(error);
  }
  const functionId = functionRequestId(context);
  const requestId = chooseRequestId(
    request?.headers['x-request-id'],
    (event['requestContext'] as Fields | undefined)?.['requestId'],
    functionId,
  );
  if (request !== undefined) request.headers['x-request-id'] = requestId;
  const scope: Scope = {
    functionRequestId: functionId,
    correlationId: requestId,
    traceId: traceIdOf(request?.headers['x-amzn-trace-id']),
    coldStart: isFirst && !isAhead(settings),
    secrets: () => secretsOf(request, settings),
    inputs: () => inputsOf(request),
    appFailed: false,
  };
  const method = request?.method ?? methodOf(event);
  return { source, request, invalid, method, event, context, requestId, scope, serverTiming, startedAt };
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
      durationMs: performance.now() - visit.startedAt,
    },
    visit.scope,
  );
}

/** Of an event that is no valid request, as far as it can be told. */
function methodOf(event: Fields): string {
  const context = event['requestContext'] as { readonly http?: { readonly method?: unknown } } | undefined;
  const method = context?.http?.method ?? event['httpMethod'];
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
