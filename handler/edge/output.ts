/** The response of an app on its way into a response stream: the head with the first byte, then bytes as they come. */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { formatHead } from './answer.ts';
import { isKoaDefault } from './buffered.ts';
import type { BodySink } from './capture.ts';
import { applyConditions } from './conditional.ts';
import { formatProblem, internalProblem } from './errors.ts';
import { addExtras, withoutBody, writtenResponse } from './finish.ts';
import type { Packer } from './packer.ts';
import { createPacker, negotiate } from './packer.ts';
import type { CanonicalRequest } from './request.ts';
import type { AwsLambda, ResponseStream } from './streamed.ts';
import type { Visit, VisitTools } from './visit.ts';

export class Output implements BodySink {
  started = false;
  /** Koa's own text about an unforeseen error gave way to the edge's. */
  replaced = false;
  readonly #visit: Visit;
  readonly #request: CanonicalRequest;
  readonly #lambda: AwsLambda;
  readonly #stream: ResponseStream;
  readonly #tools: VisitTools;
  #target: ResponseStream | undefined;
  #packer: Packer | undefined;
  #muted = false;

  constructor(
    visit: Visit,
    request: CanonicalRequest,
    lambda: AwsLambda,
    stream: ResponseStream,
    tools: VisitTools,
  ) {
    this.#visit = visit;
    this.#request = request;
    this.#lambda = lambda;
    this.#stream = stream;
    this.#tools = tools;
  }

  start(response: ServerResponse): void {
    this.started = true;
    if (this.#visit.appFailed && isKoaDefault(response)) this.#replace();
    else this.#open(response);
  }

  write(chunk: string | Buffer, encoding: BufferEncoding, done: () => void): boolean {
    const target = this.#packer ?? this.#target;
    if (this.#muted || target === undefined) {
      done();
      return true;
    }
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    return target.write(bytes, () => done());
  }

  /** Settles when the reader has everything, or is gone. */
  end(): Promise<void> {
    return new Promise((resolve, reject) => {
      const target = this.#target;
      if (target === undefined) {
        reject(new Error('the response has no head'));
        return;
      }
      this.#stream.once('finish', resolve);
      this.#stream.once('close', resolve);
      if (this.#packer === undefined) target.end();
      else this.#packer.once('end', () => target.end()).end();
    });
  }

  /** Nothing more is written. */
  abandon(): void {
    this.#muted = true;
    this.#packer?.destroy();
  }

  #open(response: ServerResponse): void {
    const request = this.#request;
    const bare = withoutBody(request.method, writtenResponse(response, ''));
    const fresh = applyConditions(request, bare);
    this.#muted = fresh.status === 304 && response.statusCode !== 304;
    const { headers, encoding } = this.#muted
      ? { headers: fresh.headers, encoding: undefined }
      : negotiate(request, fresh.status, fresh.headers, this.#tools.settings.encodings);
    addExtras(headers, this.#visit, this.#tools.settings);
    const target = this.#lambda.HttpResponseStream.from(
      this.#stream,
      formatHead({ status: fresh.status, headers }),
    );
    this.#target = target;
    // the head leaves with the first write: a client may wait for it long before the first byte of the body
    target.write('');
    if (encoding !== undefined) {
      this.#packer = createPacker(encoding);
      this.#packer.pipe(target as unknown as Writable, { end: false });
    }
    (this.#packer ?? target).on('drain', () => response.emit('drain'));
  }

  /** Koa's text follows and is dropped. */
  #replace(): void {
    this.replaced = true;
    this.#muted = true;
    const { requestId } = this.#visit;
    const { method, headers: sent } = this.#request;
    const { headers, body } = formatProblem(internalProblem, requestId, sent['accept'], method);
    addExtras(headers, this.#visit, this.#tools.settings);
    this.#target = this.#lambda.HttpResponseStream.from(this.#stream, {
      statusCode: 500,
      headers,
      cookies: [],
    });
    this.#target.write(body);
  }
}
