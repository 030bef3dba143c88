/** Every failure the edge foresees, and the one body each has. Nothing of the inside is in any of them. */
import { CodedError } from '../../artifact/error.ts';

export type EdgeErrorCode =
  /** The event is of an HTTP source but cannot be a request (400). */
  | 'REQUEST_INVALID'
  /** The request body is over the limit of Lambda (413). */
  | 'REQUEST_TOO_LARGE'
  /** The answer is over the limit of Lambda or the load balancer (413). */
  | 'RESPONSE_TOO_LARGE'
  /** The app failed in a way it did not foresee (500). */
  | 'INTERNAL'
  /** The app did not answer before the function's time-out (504). */
  | 'TIMEOUT'
  /** The app's response stream failed after its first byte: the invocation ends with this error. */
  | 'RESPONSE_STREAM_FAILED'
  /** The event is a message for somebody else: thrown, so that its origin keeps it. */
  | 'EVENT_NOT_HTTP'
  /** The app module exports nothing that serves requests. */
  | 'APP_EXPORT'
  /** The app module could not be loaded. */
  | 'APP_IMPORT';

/** A foreseen failure of the edge. */
export class EdgeError extends CodedError<EdgeErrorCode> {
  override readonly name = 'EdgeError';
}

/** What the client is told: a status, a sentence and, where it helps, a code and plain facts. */
export interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly code?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body with its type, and the headers that go with it. */
export interface ProblemBody {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  413: 'Content Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** An app's own headers never reach these answers, so they bring what keeps any content harmless (FAULTS.md E22). */
const always = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * The body of a failure: `{"detail", "code", "request_id"}`, or an RFC 9457 problem where `accept` names
 * `application/problem+json`.
 */
export function formatProblem(
  problem: Problem,
  requestId: string,
  accept: string | undefined,
  method: string,
): ProblemBody {
  const facts = {
    ...(problem.code === undefined ? {} : { code: problem.code }),
    ...problem.extra,
    request_id: requestId,
  };
  const asProblem = accept?.toLowerCase().includes('application/problem+json') ?? false;
  const body = JSON.stringify(
    asProblem
      ? {
          type: 'about:blank',
          title: titles[problem.status] ?? 'Error',
          status: problem.status,
          detail: problem.detail,
          ...facts,
        }
      : { detail: problem.detail, ...facts },
  );
  return {
    status: problem.status,
    headers: {
      ...problem.headers,
      'content-type': asProblem ? 'application/problem+json' : 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...always,
    },
    body: method === 'HEAD' ? '' : body,
  };
}

/** The answer to an unforeseen failure (SERVICE.md, Errors). */
export const internalProblem: Problem = { status: 500, detail: 'Internal server error' };

/** The answer while dependencies or the app cannot be loaded: the code, never a path, bucket or key. */
export function unavailableProblem(code: string, retryAfterSeconds: number): Problem {
  return {
    status: 503,
    detail: 'Service Unavailable',
    code,
    headers: { 'retry-after': String(retryAfterSeconds) },
  };
}
