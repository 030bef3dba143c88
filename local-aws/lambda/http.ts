/** Bodies in, JSON out: the HTTP side of the control plane. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LambdaError } from './errors.ts';
import { tooLarge } from './limits.ts';
import type { Answer } from './service.ts';

/** The whole body. Throws `RequestEntityTooLargeException` or `RequestTooLargeException` beyond `most` bytes. */
export async function readBody(request: IncomingMessage, most: number, operation: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    // Read on and forget: an answer while the client still writes would reach it as a broken pipe.
    if (size <= most) chunks.push(chunk as Buffer);
    else chunks.length = 0;
  }
  if (size > most) throw tooLarge(most, operation);
  return Buffer.concat(chunks);
}

export function sendAnswer(response: ServerResponse, { status, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
}

/** restJson: the type in a header, the text in the body. */
export function sendError(response: ServerResponse, error: LambdaError): void {
  if (response.headersSent) return void response.destroy();
  const text = JSON.stringify({
    Type: error.status < 500 ? 'User' : 'Service',
    Message: error.message,
    message: error.message,
    ...error.fields,
  });
  response.writeHead(error.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-amzn-errortype': error.type,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(text);
}

/** Whatever was thrown as an error of the API; the unforeseen is a ServiceException that tells nothing of the inside. */
export function asLambdaError(error: unknown, log: (line: string) => void): LambdaError {
  if (error instanceof LambdaError) return error;
  log(`local-aws: Lambda: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new LambdaError(500, 'ServiceException', 'An error occurred and the request cannot be processed.');
}
