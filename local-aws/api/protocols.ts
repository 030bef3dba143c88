/** JSON 1.0 and 1.1, RPC v2 CBOR, and the old Query protocol with its XML: requests in, answers and errors out. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { cbor, dateToTag } from '@smithy/core/cbor';
import { ApiError } from './error.ts';
import { formatXml, parseQuery } from './query.ts';

export type Input = Readonly<Record<string, unknown>>;

export interface Protocol {
  readonly headers: Readonly<Record<string, string>>;
  /** Throws `SerializationException` for a body that is none. */
  read(request: IncomingMessage, body: Buffer): { readonly operation: string; readonly input: Input };
  write(operation: string, output: unknown, namespace: string): Buffer;
  writeError(error: ApiError, namespace: string): Buffer;
}

/** The protocol that a request is in; each has a mark of its own. */
export function protocolOf(request: IncomingMessage): Protocol {
  const { headers } = request;
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') return rpcCbor;
  return headers['x-amz-target'] === undefined ? query : json(headers['content-type']);
}

function json(type = 'application/x-amz-json-1.1'): Protocol {
  const write = (value: unknown): Buffer =>
    // A Date would become text on its own; seconds are what these clients expect.
    Buffer.from(JSON.stringify(mapDates(value, date => date.getTime() / 1000)));
  return {
    headers: { 'content-type': type },
    read: (request, body) => ({
      operation: String(request.headers['x-amz-target']).split('.')[1] ?? '',
      input: asInput(() => JSON.parse(body.length === 0 ? '{}' : body.toString())),
    }),
    write: (_operation, output) => write(output),
    writeError: ({ code, message }) => write({ __type: code, message }),
  };
}

const rpcCbor: Protocol = {
  headers: { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' },
  read: (request, body) => ({
    operation: /\/operation\/(\w+)$/.exec(request.url ?? '')?.[1] ?? '',
    input: asInput(() => (body.length === 0 ? {} : cbor.deserialize(body))),
  }),
  write: (_operation, output) => Buffer.from(cbor.serialize(mapDates(output, dateToTag))),
  writeError: ({ code, message }) => Buffer.from(cbor.serialize({ __type: code, message })),
};

const query: Protocol = {
  headers: { 'content-type': 'text/xml' },
  read: (_request, body) => {
    const { Action = '', Version: _version, ...input } = parseQuery(body.toString());
    return { operation: String(Action), input };
  },
  write: (operation, output, namespace) =>
    formatXml(
      `${operation}Response`,
      { [`${operation}Result`]: output, ResponseMetadata: { RequestId: randomUUID() } },
      namespace,
    ),
  writeError: ({ code, message, status }, namespace) =>
    formatXml(
      'ErrorResponse',
      {
        Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
        RequestId: randomUUID(),
      },
      namespace,
    ),
};

function asInput(read: () => unknown): Input {
  let value: unknown;
  try {
    value = read();
  } catch {
    throw new ApiError('SerializationException', 'The request body does not parse.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Input;
  throw new ApiError('SerializationException', 'The request body is no object.');
}

function mapDates(value: unknown, change: (date: Date) => unknown): unknown {
  if (value instanceof Date) return change(value);
  if (Array.isArray(value)) return value.map(item => mapDates(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, mapDates(item, change)]),
  );
}
