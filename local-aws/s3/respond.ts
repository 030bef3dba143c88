/** Writes an answer or an error to the wire, with the headers every S3 answer has. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { S3Error } from './errors.ts';
import type { Answer } from './operations/call.ts';
import { formatDocument, xml } from './xml.ts';

/** Sends an answer; resolves when it is handed to the socket, also when the client went away half-way. */
export async function sendAnswer(response: ServerResponse, answer: Answer): Promise<void> {
  const { status = 200, headers = {}, body } = answer;
  switch (body?.kind) {
    case undefined:
      // A HEAD answer tells the length of a body it does not have.
      response.writeHead(
        status,
        status === 204 || 'content-length' in headers ? headers : { ...headers, 'content-length': '0' },
      );
      response.end();
      return;
    case 'xml':
      sendText(response, status, headers, 'application/xml', formatDocument(body.root, { namespaced: true }));
      return;
    case 'text':
      sendText(response, status, headers, body.type, body.text);
      return;
    case 'file':
      try {
        response.writeHead(status, headers);
        const { file, start, end } = body;
        await pipeline(
          file.createReadStream({ start, end, autoClose: false, highWaterMark: 256 * 1024 }),
          response,
        );
      } finally {
        // The stream would not close it when the client was gone before the first byte.
        await body.file.close();
      }
  }
}

/** Sends an error as S3's XML; HEAD and 304 have none. */
export function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: S3Error,
  requestId: string,
): void {
  const headers = { ...error.headers };
  if (request.method === 'HEAD' || error.status === 304) {
    response.writeHead(error.status, headers).end();
    return;
  }
  const elements = {
    Code: error.code,
    Message: error.message,
    ...error.elements,
    RequestId: requestId,
    HostId: 'local-aws',
  };
  const root = xml(
    'Error',
    Object.entries(elements).map(([name, value]) => xml(name, value)),
  );
  const text = formatDocument(root, { namespaced: false });
  if (request.complete) sendText(response, error.status, headers, 'application/xml', text);
  else refuseRest(request, response, error.status, headers, text);
}

/**
 * The rest of a refused upload is not waited for: as S3 does, the answer says `connection: close`, or the client's next
 * request would stand behind it. The socket itself lingers until the client has let go, at most five seconds: closed at
 * once, with bytes unread, it would be reset before the client has read the answer.
 */
function refuseRest(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
): void {
  const length = { 'content-length': String(Buffer.byteLength(text)) };
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/xml',
    ...length,
    connection: 'close',
  });
  response.write(text);
  const end = () => response.end();
  const latest = setTimeout(end, 5_000);
  request.once('end', end).once('close', end);
  response.once('close', () => clearTimeout(latest));
}

function sendText(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  type: string,
  text: string,
): void {
  const bytes = Buffer.from(text);
  response
    .writeHead(status, { ...headers, 'content-type': type, 'content-length': String(bytes.length) })
    .end(bytes);
}
