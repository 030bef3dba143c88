/** Outermost: an answer for every request, whatever happens inside, with the headers that all answers carry. */
import type { Context, Next } from 'koa';
import type { Answer } from '../declare.ts';
import type { Services } from '../services.ts';
import { setCorsHeaders } from './cors.ts';
import { answerError, HttpError } from './errors.ts';
import { requestIdOf, securityHeaders } from './headers.ts';

/** Runs everything inside; turns what it throws into an error's answer and logs what the client is not told. */
export async function answerAlways(ctx: Context, next: Next, { settings, log }: Services): Promise<void> {
  const { requestContext } = ctx.req as { requestContext?: { requestId?: unknown } };
  const requestId = requestIdOf(ctx.req.headers['x-request-id'], requestContext?.requestId);
  try {
    await next();
  } catch (thrown) {
    const error = asHttpError(thrown);
    if (error.status >= 500)
      log('ERROR', logMessage(error), { request_id: requestId, status: error.status, error: causeOf(error) });
    const asksForProblem = (ctx.req.headers.accept ?? '').toLowerCase().includes('application/problem+json');
    sendAnswer(ctx, answerError(error, requestId, asksForProblem));
  }
  ctx.set(securityHeaders(ctx.response.type));
  ctx.set('X-Request-Id', requestId);
  setCorsHeaders(ctx, settings.corsOrigins, settings.keyName);
  if (settings.debug) ctx.set('X-Debug-Mode', 'true');
}

/** Hands an answer to Koa. The body is text or bytes: Koa would load undici to look at an object. */
export function sendAnswer(ctx: Context, answer: Answer): void {
  ctx.status = answer.status ?? 200;
  ctx.set('Content-Type', answer.type);
  if (answer.headers) ctx.set({ ...answer.headers });
  ctx.body = answer.body;
}

function asHttpError(thrown: unknown): HttpError {
  return thrown instanceof HttpError
    ? thrown
    : new HttpError(500, 'Internal server error', { cause: thrown });
}

function logMessage({ facts, message }: HttpError): string {
  return facts.reason ?? message;
}

/** The stack of what nobody foresaw; else one line. */
function causeOf({ status, facts }: HttpError): string | undefined {
  if (facts.cause === undefined) return undefined;
  return status === 500 && facts.cause instanceof Error ? facts.cause.stack : String(facts.cause);
}
