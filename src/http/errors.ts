/** Failures that have an HTTP status, and their bodies: FastAPI's shape, or RFC 9457 for clients that ask for it. */
import { STATUS_CODES } from 'node:http';
import type { Answer } from '../declare.ts';
import type { Problem } from '../schema/types.ts';

interface HttpErrorFacts {
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only. */
  readonly reason?: string;
  readonly problems?: readonly Problem[];
  /** A body of its own shape, where a client relies on one (401). */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A foreseen failure. `message` goes to the client: one sentence, never a secret, nothing of the inside. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly facts: HttpErrorFacts;

  constructor(status: number, message: string, facts: HttpErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.status = status;
    this.facts = facts;
  }
}

/** Input that breaks its declaration: 422, every fault at once. */
export function invalidInput(problems: readonly Problem[]): HttpError {
  return new HttpError(422, 'The request does not match its declaration', { problems });
}

/** The answer to a failure; `problem`: the client asked for `application/problem+json` (RFC 9457). */
export function answerError(error: HttpError, requestId: string, problem: boolean): Answer {
  const { status, message } = error;
  const { problems, headers = {}, body } = error.facts;
  const inside = status === 500 ? { request_id: requestId } : {};
  if (problem) {
    const errors = problems && { errors: problems };
    const document = {
      type: 'about:blank',
      title: STATUS_CODES[status],
      status,
      detail: message,
      ...inside,
      ...errors,
    };
    return { status, headers, type: 'application/problem+json', body: JSON.stringify(document) };
  }
  const content = body ?? { detail: problems ?? message, ...inside };
  return { status, headers, type: 'application/json', body: JSON.stringify(content) };
}
