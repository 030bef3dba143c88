/** A visit whose answer is a stream: the head goes out with the first byte, the app waits for a slow reader. */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { streamFailure } from './buffered.ts';
import { Deadline } from './deadline.ts';
import type { Problem } from './errors.ts';
import { formatProblem, internalProblem } from './errors.ts';
import { addExtras } from './finish.ts';
import type { AppRequest } from './incoming.ts';
import { Output } from './output.ts';
import type { CanonicalRequest } from './request.ts';
import { runInScope } from './scope.ts';
import type { Exchange, Serve } from './serve.ts';
import type { Visit, VisitTools } from './visit.ts';
import { report, timeoutProblem } from './visit.ts';

/** What Lambda gives a streaming handler. Not a whole `Writable`: only these are used. */
export type ResponseStream = Pick<
  Writable,
  'write' | 'end' | 'on' | 'once' | 'destroyed' | 'writableFinished'
>;

/** The global of Lambda's runtime client. https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html */
export interface AwsLambda {
  readonly streamifyResponse: (handler: StreamHandler) => unknown;
  readonly HttpResponseStream: {
    readonly from: (stream: ResponseStream, head: StreamHead) => ResponseStream;
  };
}

export interface StreamHead {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
}

export type StreamHandler = (event: unknown, stream: ResponseStream, context: unknown) => Promise<void>;

/** Writes a whole answer: the head, then the body, which may be empty. Settles when the reader has it. */
export function writeWhole(
  lambda: AwsLambda,
  stream: ResponseStream,
  head: StreamHead,
  body: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const target = lambda.HttpResponseStream.from(stream, head);
    stream.once('error', reject);
    stream.once('finish', resolve);
    // the head leaves with the first write and with nothing else, not even `end`
    target.write(body);
    target.end();
  });
}

/** Answers with a failure of the edge and writes the line of the request. */
export function streamProblem(
  visit: Visit,
  problem: Problem,
  lambda: AwsLambda,
  stream: ResponseStream,
  tools: VisitTools,
): Promise<void> {
  const { request } = visit;
  const { status, headers, body } = formatProblem(
    problem,
    visit.requestId,
    request?.headers['accept'],
    visit.method,
  );
  addExtras(headers, visit, tools.settings);
  report(visit, status, undefined, tools);
  return writeWhole(lambda, stream, { statusCode: status, headers, cookies: [] }, body);
}

/**
 * Sends a visit through the app and its bytes on to `stream` as they come. Before the first byte a failure is
 * answered with 500 and the time-out with 504; after it the promise rejects with `RESPONSE_STREAM_FAILED`, which the
 * runtime passes on, so that the client sees a broken answer and not a short one.
 */
export function serveStreamed(
  visit: Visit,
  serve: Serve,
  remainingMs: number,
  lambda: AwsLambda,
  stream: ResponseStream,
  tools: VisitTools,
): Promise<void> {
  const { request } = visit;
  if (request === undefined) {
    return streamProblem(visit, visit.invalid ?? internalProblem, lambda, stream, tools);
  }
  return new Promise((resolve, reject) => {
    const exchange = new StreamedExchange(visit, request, remainingMs, lambda, stream, tools, outcome =>
      outcome.then(resolve, reject),
    );
    stream.once('close', () => exchange.closed());
    // without a listener an error of the connection would end the process
    stream.on('error', () => exchange.giveUp(internalProblem));
    runInScope(visit, serve, exchange);
  });
}

/** A class for the same reason as that of buffered.ts. */
class StreamedExchange implements Exchange {
  readonly request: CanonicalRequest;
  readonly event: unknown;
  readonly context: unknown;
  readonly #visit: Visit;
  readonly #lambda: AwsLambda;
  readonly #stream: ResponseStream;
  readonly #tools: VisitTools;
  readonly #settled: (outcome: Promise<void>) => void;
  readonly #output: Output;
  readonly #deadline: Deadline;
  #open = true;

  constructor(
    visit: Visit,
    request: CanonicalRequest,
    remainingMs: number,
    lambda: AwsLambda,
    stream: ResponseStream,
    tools: VisitTools,
    settled: (outcome: Promise<void>) => void,
  ) {
    this.request = request;
    this.event = visit.event;
    this.context = visit.context;
    this.#visit = visit;
    this.#lambda = lambda;
    this.#stream = stream;
    this.#tools = tools;
    this.#settled = settled;
    this.#output = new Output(visit, request, lambda, stream, tools);
    this.#deadline = new Deadline(remainingMs, this);
  }

  get started(): boolean {
    return this.#output.started;
  }

  signal(): AbortSignal {
    return this.#deadline.signal();
  }

  start(response: ServerResponse): void {
    this.#output.start(response);
  }

  write(chunk: string | Buffer, encoding: BufferEncoding, done: () => void): boolean {
    return this.#output.write(chunk, encoding, done);
  }

  done(incoming: AppRequest, response: ServerResponse): void {
    if (!this.#close()) return;
    const status = this.#output.replaced ? 500 : response.statusCode;
    this.#settled(this.#output.end().then(() => report(this.#visit, status, incoming.route, this.#tools)));
  }

  fail(error: unknown): void {
    if (!this.#open) return;
    this.#tools.logger.log('ERROR', 'the app failed', { error });
    this.giveUp(internalProblem);
  }

  expire(): void {
    this.giveUp(timeoutProblem);
  }

  /** The reader is gone, or has everything. */
  closed(): void {
    if (!this.#open || this.#stream.writableFinished) return;
    this.#deadline.abort(new DOMException('the client is gone', 'AbortError'));
    this.giveUp(internalProblem);
  }

  giveUp(problem: Problem): void {
    if (!this.#close()) return;
    if (!this.started) {
      this.#settled(streamProblem(this.#visit, problem, this.#lambda, this.#stream, this.#tools));
      return;
    }
    this.#output.abandon();
    this.#settled(Promise.reject(streamFailure(this.#visit, this.#tools)));
  }

  /** True for the first of those that want to end it. */
  #close(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#deadline.clear();
    return true;
  }
}
