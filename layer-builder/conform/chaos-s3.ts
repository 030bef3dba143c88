/** An S3 that misbehaves on request: each call to it is answered by the next step of a script. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One answer. Steps that keep a connection open are ended by `close`. */
export type Step = (request: IncomingMessage, response: ServerResponse) => void;

export interface ChaosS3 {
  readonly endpoint: string;
  readonly requests: readonly IncomingMessage[];
  /** Settles when no connection is open any more. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** Answers the n-th request with the n-th step; the last step answers all that follow. */
export async function startChaosS3(...script: readonly Step[]): Promise<ChaosS3> {
  const requests: IncomingMessage[] = [];
  const open = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    const step = script[Math.min(requests.length, script.length - 1)];
    requests.push(request);
    response.on('error', () => {});
    step?.(request, response);
  });
  server.on('connection', socket => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async idle() {
      for (const socket of open) await new Promise<void>(resolve => socket.once('close', () => resolve()));
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

/** As S3 does it: ETag, ranges, If-Match. `headers` come on top. */
export function serve(bytes: Buffer, headers: Record<string, string> = {}): Step {
  return (request, response) => {
    const part = partOf(request, bytes);
    if (part === undefined) return refuse(412, 'PreconditionFailed')(request, response);
    response.writeHead(part.status, { ...part.headers, ...headers });
    response.end(part.bytes);
  };
}

/** An error as S3 words it. */
export function refuse(
  status: number,
  code: string,
  more: { headers?: Record<string, string>; message?: string; xml?: string } = {},
): Step {
  const { headers = {}, message = 'no', xml = '' } = more;
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${xml}<RequestId>R1</RequestId></Error>`;
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(body);
  };
}

/** Headers never come. */
export const silent: Step = () => {};

/** The connection is reset before a header. */
export const resetAtOnce: Step = request => void request.socket.resetAndDestroy();

export type Break = 'reset' | 'fin' | 'stall';

/** Sends `count` bytes of what is asked for with a true Content-Length, then breaks off. */
export function breakAfter(bytes: Buffer, count: number, how: Break): Step {
  return (request, response) => {
    const part = partOf(request, bytes) ?? { status: 200, headers: {}, bytes };
    response.writeHead(part.status, part.headers);
    response.flushHeaders();
    response.write(part.bytes.subarray(0, count), () => {
      if (how === 'reset') setImmediate(() => request.socket.resetAndDestroy());
      if (how === 'fin') setImmediate(() => request.socket.end());
    });
  };
}

/** One byte each `everyMs`, without end. */
export function drip(bytes: Buffer, everyMs: number): Step {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': String(bytes.length), etag: etagOf(bytes) });
    let at = 0;
    const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), everyMs);
    response.once('close', () => clearInterval(timer));
  };
}

/** No Content-Length: chunked, or delimited by the end of the connection. */
export function withoutLength(bytes: Buffer, delimiter: 'chunks' | 'close' = 'close'): Step {
  return (request, response) => {
    if (delimiter === 'chunks') {
      response.writeHead(200, { 'transfer-encoding': 'chunked' });
      response.end(bytes);
      return;
    }
    request.socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'), bytes]));
  };
}

/** Any range is answered with what follows `from`, under an ETag of our choice. */
export function serveRangeAs(bytes: Buffer, etag: string, from: number): Step {
  return (_request, response) => {
    const part = bytes.subarray(from);
    response.writeHead(206, {
      etag,
      'content-length': part.length,
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    });
    response.end(part);
  };
}

function partOf(
  request: IncomingMessage,
  bytes: Buffer,
): { status: number; headers: Record<string, string>; bytes: Buffer } | undefined {
  const etag = etagOf(bytes);
  const { range, 'if-match': match } = request.headers;
  if (match !== undefined && match !== etag) return undefined;
  const from = /^bytes=(\d+)-/.exec(range ?? '')?.[1];
  if (from === undefined) {
    return { status: 200, headers: { etag, 'content-length': String(bytes.length) }, bytes };
  }
  const part = bytes.subarray(Number(from));
  return {
    status: 206,
    headers: {
      etag,
      'content-length': String(part.length),
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    },
    bytes: part,
  };
}
