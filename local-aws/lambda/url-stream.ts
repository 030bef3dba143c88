/** A streamed response of a function on its way to the caller of a function URL. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { responseHeaders } from './url-event.ts';

/** Content type of a stream that begins with status and headers, then eight zero bytes. */
const preludeType = 'application/vnd.awslambda.http-integration-response';
const delimiter = Buffer.alloc(8);
const longestPrelude = 1 << 20;

export interface StreamedResponse {
  begin(contentType: string, body: IncomingMessage): void;
  /** After the function is done; `failed` cuts the connection, for a status can no longer be sent. */
  end(failed: boolean): void;
}

export function streamResponse(response: ServerResponse): StreamedResponse {
  let head: Buffer | undefined;

  function write(chunk: Buffer, body: IncomingMessage): void {
    if (response.writableEnded || response.write(chunk)) return;
    body.pause();
    response.once('drain', () => body.resume());
  }

  /** Collects until the prelude is complete, then sends it as status and headers. */
  function readHead(chunk: Buffer, body: IncomingMessage): void {
    head = Buffer.concat([head ?? Buffer.alloc(0), chunk]);
    const at = head.indexOf(delimiter);
    if (at < 0) {
      if (head.length > longestPrelude) response.destroy();
      return;
    }
    const rest = head.subarray(at + delimiter.length);
    const prelude = head.subarray(0, at).toString();
    head = undefined;
    try {
      sendHead(response, prelude);
    } catch {
      // What the function wrote is no head that can be sent; Lambda answers 502 then.
      response.writeHead(502, { 'content-type': 'application/json', connection: 'close' });
      response.end('Internal Server Error');
      return;
    }
    if (rest.length > 0) write(rest, body);
  }

  return {
    begin(contentType, body) {
      const prelude = contentType === preludeType;
      if (!prelude) response.writeHead(200, { 'content-type': contentType });
      body.on('data', (chunk: Buffer) => {
        if (prelude && !response.headersSent) readHead(chunk, body);
        else write(chunk, body);
      });
      // A caller that has gone must not stop the function.
      response.on('close', () => body.resume());
    },
    end(failed) {
      if (failed) response.destroy();
      else if (!response.headersSent) response.destroy();
      else response.end();
    },
  };
}

function sendHead(response: ServerResponse, text: string): void {
  const { statusCode = 200, headers, cookies } = JSON.parse(text) as Record<string, unknown>;
  if (Array.isArray(cookies) && cookies.length > 0) response.setHeader('set-cookie', cookies.map(String));
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`no status: ${statusCode}`);
  response.writeHead(status, {
    'content-type': 'application/octet-stream',
    ...responseHeaders(headers),
  });
}
