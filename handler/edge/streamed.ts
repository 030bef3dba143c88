/** A visit whose answer is a stream: the head goes out with the first byte, the app waits for a slow reader. */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { formatHead } from './answer.ts';
import { isKoaDefault, streamFailure } from './buffered.ts';
import type { BodySink } from './capture.ts';
import { applyConditions } from './conditional.ts';
import { Deadline } from './deadline.ts';
import type { Problem } from './errors.ts';
import { formatProblem, internalProblem } from './errors.ts';
import { addExtras, withoutBody, writtenResponse } from './finish.ts';
import type { Packer } from './packer.ts';
import { createPacker, negotiate } from './packer.ts';
import type { CanonicalRequest } from './request.ts';
import { runInScope } from './scope.ts';
import type { Serve } from './serve.ts';
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
  const { request, event, context } = visit;
  if (request === undefined)
    return streamProblem(visit, visit.invalid ?? internalProblem, lambda, stream, tools);
  return new Promise((resolve, reject) => {
    let open = true;
    const output = createOutput(visit, request, lambda, stream, tools);
    const settle = (outcome: () => Promise<void>) => {
      if (!open) return;
      open = false;
      deadline.clear();
      outcome().then(resolve, reject);
    };
    const giveUp = (problem: Problem) =>
      settle(async () => {
        if (!output.started) return streamProblem(visit, problem, lambda, stream, tools);
        output.abandon();
        throw streamFailure(visit, tools);
      });
    const deadline = new Deadline(remainingMs, { expire: () => giveUp(timeoutProblem) });
    stream.once('close', () => {
      if (!open || stream.writableFinished) return;
      deadline.abort(new DOMException('the client is gone', 'AbortError'));
      giveUp(internalProblem);
    });
    // without a listener an error of the connection would end the process
    stream.on('error', () => giveUp(internalProblem));
    runInScope(visit, serve, {
      request,
      event,
      context,
      signal: () => deadline.signal(),
      get started() {
        return output.started;
      },
      start: output.start,
      write: output.write,
      done: (incoming, response) =>
        settle(async () => {
          await output.end();
          report(visit, output.replaced ? 500 : response.statusCode, incoming.route, tools);
        }),
      fail: error => {
        tools.logger.log('ERROR', 'the app failed', { error });
        giveUp(internalProblem);
      },
    });
  });
}

interface Output extends BodySink {
  /** The head is on its way. */
  readonly started: boolean;
  /** Koa's own text about an unforeseen error gave way to the edge's. */
  readonly replaced: boolean;
  readonly end: () => Promise<void>;
  /** Nothing more is written. */
  readonly abandon: () => void;
}

function createOutput(
  visit: Visit,
  request: CanonicalRequest,
  lambda: AwsLambda,
  stream: ResponseStream,
  tools: VisitTools,
): Output {
  let target: ResponseStream | undefined;
  let packer: Packer | undefined;
  let muted = false;
  const state = { started: false, replaced: false };

  function open(response: ServerResponse): void {
    state.started = true;
    if (visit.appFailed && isKoaDefault(response)) {
      // its text follows and is dropped
      state.replaced = true;
      muted = true;
      const problem = formatProblem(
        internalProblem,
        visit.requestId,
        request.headers['accept'],
        request.method,
      );
      addExtras(problem.headers, visit, tools.settings);
      target = lambda.HttpResponseStream.from(stream, {
        statusCode: 500,
        headers: problem.headers,
        cookies: [],
      });
      target.write(problem.body);
      return;
    }
    const bare = withoutBody(request.method, writtenResponse(response, ''));
    const fresh = applyConditions(request, bare);
    muted = fresh.status === 304 && response.statusCode !== 304;
    const { headers, encoding } = muted
      ? { headers: fresh.headers, encoding: undefined }
      : negotiate(request, fresh.status, fresh.headers, tools.settings.encodings);
    addExtras(headers, visit, tools.settings);
    target = lambda.HttpResponseStream.from(stream, formatHead({ status: fresh.status, headers }));
    // the head leaves with the first write: a client may wait for it long before the first byte of the body
    target.write('');
    if (encoding !== undefined) {
      packer = createPacker(encoding);
      packer.pipe(target as unknown as Writable, { end: false });
    }
    (packer ?? target).on('drain', () => response.emit('drain'));
  }

  return {
    get started() {
      return state.started;
    },
    get replaced() {
      return state.replaced;
    },
    start: open,
    write(chunk, encoding, done) {
      if (muted || target === undefined) {
        done();
        return true;
      }
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      return (packer ?? target).write(bytes, () => done());
    },
    end: () =>
      new Promise((resolve, reject) => {
        if (target === undefined) {
          reject(new Error('the response has no head'));
          return;
        }
        const last = target;
        stream.once('finish', resolve);
        stream.once('close', resolve);
        if (packer === undefined) last.end();
        else packer.once('end', () => last.end()).end();
      }),
    abandon() {
      muted = true;
      packer?.destroy();
    },
  };
}
