/** A visit whose answer is one value: deadline, app, failures, answer. */
import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import { Deadline } from './deadline.ts';
import type { Problem } from './errors.ts';
import { EdgeError, internalProblem } from './errors.ts';
import { finishResponse, problemAnswer, writtenResponse } from './finish.ts';
import type { AppRequest } from './incoming.ts';
import type { CanonicalRequest } from './request.ts';
import { runInScope } from './scope.ts';
import type { Exchange, Serve } from './serve.ts';
import type { Visit, VisitTools } from './visit.ts';
import { report, timeoutProblem } from './visit.ts';

/**
 * Sends a visit through the app. Answers 504 when the time runs out and 500 when the app fails before its answer
 * began; rejects with `RESPONSE_STREAM_FAILED` when it fails after that, so that nobody takes half an answer for a
 * whole one.
 */
export function serveBuffered(
  visit: Visit,
  serve: Serve,
  remainingMs: number,
  tools: VisitTools,
): Promise<Answer> {
  const { request } = visit;
  if (request === undefined) {
    return Promise.resolve(answerProblem(visit, visit.invalid ?? internalProblem, tools));
  }
  return new Promise((resolve, reject) => {
    runInScope(visit, serve, new BufferedExchange(visit, request, remainingMs, tools, { resolve, reject }));
  });
}

interface Outcome {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** A class, because one object with methods costs a fraction of the twenty closures that would do the same. */
class BufferedExchange implements Exchange {
  readonly request: CanonicalRequest;
  readonly event: unknown;
  readonly context: unknown;
  started = false;
  readonly #visit: Visit;
  readonly #tools: VisitTools;
  readonly #outcome: Outcome;
  readonly #deadline: Deadline;
  #open = true;
  /** A text stays a text as long as it is the only piece. */
  #only: string | Buffer | undefined;
  #more: Buffer[] | undefined;

  constructor(
    visit: Visit,
    request: CanonicalRequest,
    remainingMs: number,
    tools: VisitTools,
    outcome: Outcome,
  ) {
    this.request = request;
    this.event = visit.event;
    this.context = visit.context;
    this.#visit = visit;
    this.#tools = tools;
    this.#outcome = outcome;
    this.#deadline = new Deadline(remainingMs, this, visit.startedAt);
  }

  signal(): AbortSignal {
    return this.#deadline.signal();
  }

  start(): void {
    this.started = true;
  }

  write(chunk: string | Buffer, encoding: BufferEncoding, done: () => void): boolean {
    const piece = typeof chunk === 'string' && encoding !== 'utf8' ? Buffer.from(chunk, encoding) : chunk;
    if (this.#only === undefined) this.#only = piece;
    else {
      this.#more ??= [asBuffer(this.#only)];
      this.#more.push(asBuffer(piece));
    }
    done();
    return true;
  }

  done(incoming: AppRequest, response: ServerResponse): void {
    if (!this.#close()) return;
    const { resolve } = this.#outcome;
    try {
      resolve(answerResponse(this.#visit, this.request, incoming, response, this.#bytes(), this.#tools));
    } catch (error) {
      this.#tools.logger.log('ERROR', 'the answer could not be made', { error });
      resolve(answerProblem(this.#visit, internalProblem, this.#tools));
    }
  }

  fail(error: unknown): void {
    if (!this.#close()) return;
    this.#tools.logger.log('ERROR', 'the app failed', { error });
    if (this.started) this.#outcome.reject(streamFailure(this.#visit, this.#tools));
    else this.#outcome.resolve(answerProblem(this.#visit, internalProblem, this.#tools));
  }

  expire(): void {
    if (this.#close()) this.#outcome.resolve(answerProblem(this.#visit, timeoutProblem, this.#tools));
  }

  /** True for the first of those that want to answer. */
  #close(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#deadline.clear();
    return true;
  }

  #bytes(): string | Buffer {
    return this.#more === undefined ? (this.#only ?? '') : Buffer.concat(this.#more);
  }
}

/** Answers with a failure of the edge and writes the line of the request. */
export function answerProblem(visit: Visit, problem: Problem, tools: VisitTools): Answer {
  const { request, source } = visit;
  const answer = problemAnswer(
    source,
    problem,
    visit,
    tools.settings,
    request?.headers['accept'],
    visit.method,
  );
  report(visit, problem.status, undefined, tools);
  return answer;
}

function answerResponse(
  visit: Visit,
  request: CanonicalRequest,
  incoming: AppRequest,
  response: ServerResponse,
  bytes: string | Buffer,
  tools: VisitTools,
): Answer {
  if (visit.appFailed && isKoaDefault(response)) return answerProblem(visit, internalProblem, tools);
  const answer = finishResponse(request, writtenResponse(response, bytes), visit, tools.settings);
  report(visit, answer.statusCode, incoming.route, tools);
  return answer;
}

/** What Koa says of an error that nobody caught; an app that caught it has a body of its own. */
export function isKoaDefault(response: ServerResponse): boolean {
  return response.statusCode === 500 && Number(response.getHeader('content-length')) === koaText.length;
}

const koaText = 'Internal Server Error';

export function streamFailure(visit: Visit, tools: VisitTools): EdgeError {
  report(visit, 500, undefined, tools);
  const error = new EdgeError(
    'RESPONSE_STREAM_FAILED',
    `the response ended before its end (request ${visit.requestId})`,
  );
  // the runtime sends the stack to whoever invoked: it names our folders
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

function asBuffer(piece: string | Buffer): Buffer {
  return typeof piece === 'string' ? Buffer.from(piece) : piece;
}
