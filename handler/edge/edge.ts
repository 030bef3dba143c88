/** The edge: one event in, one answer out. */

import type { LoadedApp, PlainHandler } from '../app.ts';
import { monotonic } from '../clock.ts';
import { answerProblem, serveBuffered } from './buffered.ts';
import type { HttpEvent, Verdict } from './classify.ts';
import { classify } from './classify.ts';
import { remainingTime } from './deadline.ts';
import { logDetail } from './detail.ts';
import type { Problem } from './errors.ts';
import { EdgeError, internalProblem, unavailableProblem } from './errors.ts';
import type { Init, InitState } from './init.ts';
import type { Serve } from './serve.ts';
import type { AwsLambda, StreamHandler } from './streamed.ts';
import { serveStreamed, streamProblem, writeWhole } from './streamed.ts';
import type { Visit, VisitTools } from './visit.ts';
import { openVisit } from './visit.ts';

/** An app made ready to serve. */
export interface Ready {
  readonly app: LoadedApp;
  /** Absent for a plain handler. */
  readonly serve: Serve | undefined;
  /** Of the cold start, for the first answer alone. */
  readonly serverTiming: string;
}

export interface EdgeParts extends VisitTools {
  readonly init: Init<Ready>;
}

/** Two parameters, because Node 24 refuses a handler with three. */
export type LambdaHandler = (event: unknown, context: unknown) => Promise<unknown>;

/** The two ways in: one answer, or a stream (`RESPONSE_STREAM` function URLs). */
export interface Edge {
  readonly handler: LambdaHandler;
  readonly stream: (lambda: AwsLambda) => StreamHandler;
}

/** The answer to a direct invoke that is no HTTP request (SERVICE.md, Errors). */
const invalidEvent = { statusCode: 400, body: '{"error":"Invalid Lambda event format"}' } as const;
const warm = { statusCode: 200, body: '{"message":"warm"}' } as const;

/**
 * Makes the handlers. They answer HTTP events and pings, answer 400 to a direct invoke, and throw `EVENT_NOT_HTTP`
 * for everybody else's events, so that their origin keeps them. While the init has failed, every event tries it
 * again (within its back-off) and HTTP events are answered 503.
 */
export function createEdge(parts: EdgeParts): Edge {
  const { init, settings } = parts;
  const isDebug = parts.logger.isEnabled('DEBUG');
  let first = true;

  function respond(
    state: InitState<Ready>,
    event: unknown,
    context: unknown,
    remainingMs: number,
  ): Promise<unknown> {
    const ready = state.kind === 'ready' ? state.value : undefined;
    if (ready?.app.kind === 'plain') return callPlain(ready.app.handler, event, context);
    const verdict = classify(event);
    if (verdict.kind !== 'http') return refuse(verdict, parts);
    const visit = open(verdict, context, ready);
    if (ready?.serve !== undefined) return serveBuffered(visit, ready.serve, remainingMs, parts);
    return Promise.resolve(answerProblem(visit, problemOf(state), parts));
  }

  function open(event: HttpEvent, context: unknown, ready: Ready | undefined): Visit {
    const isFirst = first;
    if (ready !== undefined) first = false;
    const visit = openVisit(event, context, settings, isFirst, isFirst ? ready?.serverTiming : undefined);
    if (isDebug) logDetail(visit, parts.logger);
    return visit;
  }

  return {
    // not async: each promise more is a turn of the microtask queue more, on every warm request
    handler(event, context) {
      const state = init.state();
      const remainingMs = remainingTime(context);
      if (state.kind === 'ready') return respond(state, event, context, remainingMs);
      const startedAt = monotonic();
      return init
        .ensure(remainingMs)
        .then(tried => respond(tried, event, context, remainingMs - (monotonic() - startedAt)));
    },
    stream: lambda => async (event, stream, context) => {
      const startedAt = monotonic();
      const remainingMs = remainingTime(context);
      const state = await init.ensure(remainingMs);
      const leftMs = remainingMs - (monotonic() - startedAt);
      const ready = state.kind === 'ready' ? state.value : undefined;
      const verdict = classify(event);
      if (verdict.kind !== 'http') {
        const { statusCode, body } = await refuse(verdict, parts);
        return await writeWhole(lambda, stream, { statusCode, headers: jsonType, cookies: [] }, body);
      }
      const visit = open(verdict, context, ready);
      if (ready?.serve === undefined) {
        return await streamProblem(visit, problemOf(state), lambda, stream, parts);
      }
      return await serveStreamed(visit, ready.serve, leftMs, lambda, stream, parts);
    },
  };
}

const jsonType = { 'content-type': 'application/json' };

/** Of an app that cannot serve: not loaded, or a plain handler asked for a stream. */
function problemOf(state: InitState<Ready>): Problem {
  return state.kind === 'failed' ? unavailableProblem(state.code, state.retryAfterSeconds) : internalProblem;
}

async function callPlain(handler: PlainHandler, event: unknown, context: unknown): Promise<unknown> {
  return await handler(event, context);
}

async function refuse(
  verdict: Exclude<Verdict, HttpEvent>,
  { logger }: VisitTools,
): Promise<{ readonly statusCode: number; readonly body: string }> {
  switch (verdict.kind) {
    case 'warm-up':
      return warm;
    case 'direct':
      logger.log('WARN', 'an event that is no HTTP request was answered with 400');
      return invalidEvent;
    case 'foreign': {
      const error = new EdgeError(
        'EVENT_NOT_HTTP',
        `this function serves HTTP (found an event of ${verdict.origin})`,
        { hint: 'remove the trigger, or export a plain handler that takes its events' },
      );
      // the runtime sends the stack to whoever invoked: it names our folders
      error.stack = `${error.name}: ${error.message}`;
      logger.log('ERROR', error.message, { code: error.code });
      throw error;
    }
  }
}
