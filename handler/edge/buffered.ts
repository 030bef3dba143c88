/** A visit whose answer is one value: deadline, app, failures, answer. */
import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import type { BodySink } from './capture.ts';
import { startDeadline } from './deadline.ts';
import type { Problem } from './errors.ts';
import { EdgeError, internalProblem } from './errors.ts';
import { finishResponse, problemAnswer, writtenResponse } from './finish.ts';
import type { CanonicalRequest } from './request.ts';
import { runInScope } from './scope.ts';
import type { AppRequest, Serve } from './serve.ts';
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
  const { request, event, context } = visit;
  return new Promise((resolve, reject) => {
    if (request === undefined) {
      resolve(answerProblem(visit, visit.invalid ?? internalProblem, tools));
      return;
    }
    const memory = createMemory();
    let open = true;
    const settle = (answer: () => Answer) => {
      if (!open) return;
      open = false;
      deadline.clear();
      try {
        resolve(answer());
      } catch (error) {
        if (error instanceof EdgeError) reject(error);
        else {
          tools.logger.log('ERROR', 'the answer could not be made', { error });
          resolve(answerProblem(visit, internalProblem, tools));
        }
      }
    };
    const expire = () => settle(() => answerProblem(visit, timeoutProblem, tools));
    const deadline = startDeadline(remainingMs, expire, visit.startedAt);
    runInScope(visit.scope, serve, {
      request,
      event,
      context,
      signal: deadline.signal,
      sink: memory,
      done: (incoming, response) =>
        settle(() => answerResponse(visit, request, incoming, response, memory.bytes(), tools)),
      fail: error =>
        settle(() => {
          tools.logger.log('ERROR', 'the app failed', { error });
          if (!memory.started) return answerProblem(visit, internalProblem, tools);
          throw streamFailure(visit, tools);
        }),
    });
  });
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
  if (visit.scope.appFailed && isKoaDefault(response)) return answerProblem(visit, internalProblem, tools);
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

/** The whole response in memory: a text stays a text as long as it is the only piece. */
interface Memory extends BodySink {
  /** The app has begun its answer. */
  readonly started: boolean;
  readonly bytes: () => string | Buffer;
}

function createMemory(): Memory {
  let only: string | Buffer | undefined;
  let more: Buffer[] | undefined;
  return {
    started: false,
    start() {
      (this as { started: boolean }).started = true;
    },
    write(chunk, encoding, done) {
      const piece = typeof chunk === 'string' && encoding !== 'utf8' ? Buffer.from(chunk, encoding) : chunk;
      if (only === undefined) only = piece;
      else {
        more ??= [asBuffer(only)];
        more.push(asBuffer(piece));
      }
      done();
      return true;
    },
    bytes: () => (more === undefined ? (only ?? '') : Buffer.concat(more)),
  };
}

function asBuffer(piece: string | Buffer): Buffer {
  return typeof piece === 'string' ? Buffer.from(piece) : piece;
}
