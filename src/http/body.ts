/** Reads a JSON body, from memory behind the handler's edge or from the stream of a plain server. */
import type { IncomingMessage } from 'node:http';
import { HttpError, invalidInput } from './errors.ts';

/** Bytes; a filter request has no reason to be larger. */
const mostBytes = 256 * 1024;

/**
 * The JSON object of a request. Throws `HttpError` 413 over 256 KiB, 415 for another content type,
 * 422 for an absent body (`missing`), no JSON (`json_invalid`) or no object (`model_attributes_type`).
 */
export async function readJsonBody(req: IncomingMessage): Promise<Record<string, unknown>> {
  const bytes = await readBytes(req);
  if (bytes.length === 0) {
    throw invalidInput([{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }]);
  }
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && !/^application\/[a-z0-9.-]{1,60}\+json$/.test(type)) {
    throw new HttpError(415, 'Unsupported Media Type: send application/json');
  }
  const value = parse(bytes);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  const msg = 'Input should be a valid dictionary or object to extract fields from';
  throw invalidInput([{ type: 'model_attributes_type', loc: ['body'], msg, input: null }]);
}

/** `body` is what serverless-http leaves on the request: the bytes, already in memory. */
async function readBytes(req: IncomingMessage & { body?: unknown }): Promise<Buffer> {
  if (Buffer.isBuffer(req.body)) return limited(req.body);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += (chunk as Buffer).length;
    if (size > mostBytes) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function limited(bytes: Buffer): Buffer {
  if (bytes.length > mostBytes) throw tooLarge();
  return bytes;
}

function tooLarge(): HttpError {
  return new HttpError(413, `The body is larger than ${mostBytes} bytes`, {
    headers: { Connection: 'close' },
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    // V8 puts the offset, never the text itself, behind "at position".
    const position = Number(/at position (\d{1,9})/.exec(String(error))?.[1] ?? 0);
    const ctx = { error: error instanceof SyntaxError ? 'Not valid JSON' : 'Not valid UTF-8' };
    throw invalidInput([
      { type: 'json_invalid', loc: ['body', position], msg: 'JSON decode error', input: {}, ctx },
    ]);
  }
}
