/** Answers that only tests of our own loader need, beside those of the scripted S3. */
import type { IncomingMessage } from 'node:http';
import type { Step } from '../../support/chaos-s3.ts';
import { etagOf } from '../../support/chaos-s3.ts';

/** All bytes, chunked, and then neither an end nor an error but a reset. */
export function openEnded(bytes: Buffer): Step {
  return (request, response) => {
    response.writeHead(200, { 'transfer-encoding': 'chunked' });
    response.write(bytes, () => setImmediate(() => request.socket.destroy()));
  };
}

export function gibberish(request: IncomingMessage): void {
  request.socket.end('220 smtp.example ready\r\n');
}

/** Another protocol, and the end of the connection: neither an answer nor an error. */
export function switchProtocols(request: IncomingMessage): void {
  request.socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
}

/** Headers that come so late. */
export function late(step: Step, ms: number): Step {
  return (request, response) => {
    const timer = setTimeout(() => step(request, response), ms);
    request.socket.once('close', () => clearTimeout(timer));
  };
}

export function plain(status: number, text: string): Step {
  return (_request, response) => {
    response.writeHead(status);
    response.end(text);
  };
}

export function whole(bytes: Buffer): Step {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length, etag: etagOf(bytes) });
    response.end(bytes);
  };
}

/** The same answer under another ETag, or under none. */
export function withEtag(step: Step, etag: string | undefined): Step {
  return (request, response) => {
    const { writeHead } = response;
    response.writeHead = ((status: number, headers: Record<string, string>) => {
      const { etag: _, ...others } = headers;
      return writeHead.call(response, status, etag === undefined ? others : { ...others, etag });
    }) as typeof response.writeHead;
    step(request, response);
  };
}
