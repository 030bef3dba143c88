/** The streaming export: bytes leave as they come, a slow reader is waited for, failures are told apart. */
import { EventEmitter, once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import zlib from 'node:zlib';
import test from 'ava';
import type { AwsLambda, ResponseStream, StreamHead } from '../../../handler/edge/streamed.ts';
import { eventOf } from './events.ts';
import type { KoaHandler } from './support.ts';
import { contextOf, createTestEdge, koaApp } from './support.ts';

/** Obeys the runtime client's rules: the head leaves with the first `write` and with nothing else. */
class Reader extends Writable {
  head: StreamHead | undefined;
  pending: StreamHead | undefined;
  readonly chunks: Buffer[] = [];
  /** Bytes asked for; the rest waits. */
  readonly gate: { open: boolean; bell: EventEmitter };

  constructor(isOpen = true, highWaterMark = 16_384) {
    super({ highWaterMark });
    this.gate = { open: isOpen, bell: new EventEmitter() };
    const write = this.write.bind(this) as Writable['write'];
    this.write = ((...parameters: Parameters<Writable['write']>) => {
      this.head ??= this.pending;
      return write(...parameters);
    }) as Writable['write'];
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    if (this.gate.open) done();
    else this.gate.bell.once('open', done);
  }

  release(): void {
    this.gate.open = true;
    this.gate.bell.emit('open');
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

const lambda: AwsLambda = {
  streamifyResponse: handler => handler,
  HttpResponseStream: {
    from(stream, head) {
      (stream as unknown as Reader).pending = head;
      return stream;
    },
  },
};

async function open(handle: KoaHandler, env: NodeJS.ProcessEnv = {}) {
  const edge = await createTestEdge(koaApp(handle), env);
  const stream = edge.stream(lambda) as unknown as (
    e: unknown,
    s: ResponseStream,
    c: unknown,
  ) => Promise<void>;
  return {
    ...edge,
    send: (event: unknown, reader: Reader, context = contextOf()) => stream(event, reader, context),
  };
}

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

test('status, headers and cookies leave with the first byte, the body as it comes', async t => {
  const edge = await open(context => {
    context.status = 201;
    context.append('set-cookie', 'a=1');
    context.append('set-cookie', 'b=2');
    context.set('x-tag', 'yes');
    context.type = 'text/plain';
    context.body = Readable.from(pieces('one ', 'two ', 'three'));
  });
  const reader = new Reader();
  await edge.send(eventOf('function-url'), reader);
  t.is(reader.head?.statusCode, 201);
  t.deepEqual(reader.head?.cookies, ['a=1', 'b=2']);
  t.is(reader.head?.headers['x-tag'], 'yes');
  t.is(reader.head?.headers['x-request-id'], 'JKJaXmPLvHcESHA=');
  t.is(reader.bytes.toString(), 'one two three');
  t.is(edge.records().at(-1)?.['status'], 201);
});

test('an answer far over the limit of a buffered one passes', async t => {
  const edge = await open(context => {
    context.type = 'application/octet-stream';
    context.body = Readable.from(Array.from({ length: 128 }, () => Buffer.alloc(65_536, 7)));
  });
  const reader = new Reader();
  await edge.send(eventOf('function-url'), reader);
  t.is(reader.bytes.length, 8_388_608);
});

test('an app is made to wait for a slow reader', async t => {
  let made = 0;
  const edge = await open(context => {
    context.type = 'application/octet-stream';
    context.body = Readable.from(
      (function* () {
        for (; made < 1000; made += 1) yield Buffer.alloc(10_000);
      })(),
    );
  });
  const reader = new Reader(false);
  const sent = edge.send(eventOf('function-url'), reader);
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
  t.true(made < 50, `the app made ${made} pieces for a reader that takes none`);
  reader.release();
  await sent;
  t.is(reader.bytes.length, 10_000_000);
});

test('an answer without a body has a head all the same', async t => {
  const edge = await open(context => {
    context.status = 204;
  });
  const reader = new Reader();
  await edge.send(eventOf('function-url'), reader);
  t.is(reader.head?.statusCode, 204);
  t.is(reader.bytes.length, 0);
});

test('a failure before the first byte is answered with 500', async t => {
  const edge = await open(() => {
    throw new Error('inside');
  });
  const reader = new Reader();
  await edge.send(eventOf('function-url'), reader);
  t.is(reader.head?.statusCode, 500);
  t.deepEqual(JSON.parse(reader.bytes.toString()), {
    detail: 'Internal server error',
    request_id: 'JKJaXmPLvHcESHA=',
  });
});

test('a failure after the first byte fails the invocation: the client sees a broken answer, not a short one', async t => {
  const edge = await open(context => {
    context.type = 'text/plain';
    context.body = Readable.from(
      (async function* () {
        yield 'half';
        throw new Error('inside');
      })(),
    );
  });
  const reader = new Reader();
  const error = await t.throwsAsync(edge.send(eventOf('function-url'), reader), {
    code: 'RESPONSE_STREAM_FAILED',
  });
  t.notRegex(error?.stack ?? '', /\/|inside/);
  t.is(reader.head?.statusCode, 200);
  t.false(reader.writableEnded);
});

test('a reader that goes away aborts the signal', async t => {
  let signal: AbortSignal | undefined;
  const edge = await open(async context => {
    signal = context.req.signal;
    context.respond = false;
    context.res.write('first');
    await once(signal, 'abort');
  });
  const reader = new Reader();
  const sent = edge.send(eventOf('function-url'), reader);
  while (reader.chunks.length < 2) await new Promise(setImmediate);
  reader.destroy();
  await t.throwsAsync(sent, { code: 'RESPONSE_STREAM_FAILED' });
  t.true(signal?.aborted);
});

test('before the first byte the time-out is answered with 504', async t => {
  const edge = await open(async context => {
    await once(context.req.signal, 'abort');
  });
  const reader = new Reader();
  await edge.send(eventOf('function-url'), reader, contextOf(520));
  t.is(reader.head?.statusCode, 504);
});

const decoders = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};

for (const [encoding, decode] of Object.entries(decoders)) {
  test(`a stream is compressed with ${encoding} and flushed with every write`, async t => {
    const reader = new Reader();
    const edge = await open(async context => {
      context.respond = false;
      context.res.setHeader('content-type', 'text/plain');
      context.res.write('the first piece, ');
      // nothing more is written until the reader has it
      while (reader.bytes.length < 12) await new Promise(setImmediate);
      context.res.end('the last');
    });
    await edge.send(eventOf('function-url', { headers: { 'accept-encoding': encoding } }), reader);
    t.is(reader.head?.headers['content-encoding'], encoding);
    t.is(reader.head?.headers['vary'], 'Accept-Encoding');
    t.is(decode(reader.bytes).toString(), 'the first piece, the last');
  });
}

test('server-sent events are not compressed', async t => {
  const edge = await open(context => {
    context.type = 'text/event-stream';
    context.body = Readable.from(pieces('data: 1\n\n'));
  });
  const reader = new Reader();
  await edge.send(eventOf('function-url', { headers: { 'accept-encoding': 'gzip' } }), reader);
  t.is(reader.head?.headers['content-encoding'], undefined);
  t.is(reader.bytes.toString(), 'data: 1\n\n');
});

test('a client that has the content is answered 304 and the body is dropped', async t => {
  const edge = await open(context => {
    context.set('etag', '"v1"');
    context.type = 'text/plain';
    context.body = Readable.from(pieces('content'));
  });
  const reader = new Reader();
  await edge.send(eventOf('function-url', { headers: { 'if-none-match': '"v1"' } }), reader);
  t.is(reader.head?.statusCode, 304);
  t.is(reader.bytes.length, 0);
});

test('events that are no requests: a direct invoke gets 400, a batch fails', async t => {
  const edge = await open(() => {});
  const reader = new Reader();
  await edge.send({}, reader);
  t.is(reader.head?.statusCode, 400);
  t.is(reader.bytes.toString(), '{"error":"Invalid Lambda event format"}');
  await t.throwsAsync(edge.send({ Records: [{ eventSource: 'aws:sqs' }] }, new Reader()), {
    code: 'EVENT_NOT_HTTP',
  });
});

test('an event that cannot be a request is answered with 400', async t => {
  const edge = await open(() => {});
  const reader = new Reader();
  await edge.send({ ...eventOf('function-url'), body: '!', isBase64Encoded: true }, reader);
  t.is(reader.head?.statusCode, 400);
});
