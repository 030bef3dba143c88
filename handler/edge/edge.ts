/** The edge: one event in, one answer out. */
import type { LoadedApp } from '../app.ts';
import type { Verdict } from './classify.ts';
import { classify } from './classify.ts';
import { remainingTime } from './deadline.ts';
import { EdgeError, internalProblem, unavailableProblem } from './errors.ts';
import type { Init } from './init.ts';
import { isAhead } from './report.ts';
import type { Serve } from './serve.ts';
import type { VisitTools } from './visit.ts';
import { answerProblem, openVisit, serveVisit } from './visit.ts';

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

/** The answer to a direct invoke that is no HTTP request (SERVICE.md, Errors). */
const invalidEvent = { statusCode: 400, body: '{"error":"Invalid Lambda event format"}' } as const;
const warm = { statusCode: 200, body: '{"message":"warm"}' } as const;

/**
 * Makes the handler. It answers HTTP events and pings, answers 400 to a direct invoke, and throws `EVENT_NOT_HTTP`
 * for everybody else's events, so that their origin keeps them. While the init has failed, every event tries it
 * again (within its back-off) and HTTP events are answered 503.
 */
export function createEdge(parts: EdgeParts): LambdaHandler {
  let first = true;
  return async function handler(event, context) {
    const remainingMs = remainingTime(context);
    let state = parts.init.state();
    if (state.kind === 'failed') state = await parts.init.ensure(remainingMs);
    const ready = state.kind === 'ready' ? state.value : undefined;
    if (ready?.app.kind === 'plain') return ready.app.handler(event, context);
    const verdict = classify(event);
    if (verdict.kind !== 'http') return refuse(verdict, parts);
    const coldStart = first && !isAhead(parts.settings);
    const serverTiming = first ? ready?.serverTiming : undefined;
    if (ready !== undefined) first = false;
    const visit = openVisit(
      verdict.source,
      verdict.event,
      context,
      { coldStart, serverTiming },
      parts.settings,
    );
    if (state.kind === 'failed') {
      return answerProblem(visit, unavailableProblem(state.code, state.retryAfterSeconds), parts);
    }
    if (ready?.serve === undefined) return answerProblem(visit, internalProblem, parts);
    return await serveVisit(visit, ready.serve, remainingMs, parts);
  };
}

function refuse(verdict: Exclude<Verdict, { kind: 'http' }>, { logger }: VisitTools): unknown {
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
        {
          hint: 'remove the trigger, or export a plain handler that takes its events',
        },
      );
      error.stack = `${error.name}: ${error.message}`;
      logger.log('ERROR', error.message, { code: error.code });
      throw error;
    }
  }
}
