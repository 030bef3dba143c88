/** The operations Invoke, InvokeAsync and InvokeWithResponseStream: raw payloads in and out. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FunctionName, parseFunctionName } from './arn.ts';
import { enqueue } from './asynchronous.ts';
import { LambdaError } from './errors.ts';
import { encodeMessage } from './event-stream.ts';
import { type InvokeOptions, invoke } from './invocations.ts';
import { limits } from './limits.ts';
import { patternOf } from './routes.ts';
import { named, resolveVersion, type Service } from './service.ts';

const paths = {
  invoke: patternOf('functions/{FunctionName}/invocations'),
  stream: patternOf('functions/{FunctionName}/response-streaming-invocations'),
  oldAsync: patternOf('functions/{FunctionName}/invoke-async'),
};

/** Answers one of the three operations, or undefined when the path is none of them. */
export function matchInvoke(path: string): keyof typeof paths | undefined {
  return (Object.keys(paths) as (keyof typeof paths)[]).find(key => paths[key].test(path));
}

export async function answerInvoke(
  service: Service,
  kind: keyof typeof paths,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): Promise<void> {
  const encoded = paths[kind].exec(url.pathname)?.groups?.['FunctionName'] ?? '';
  const name = parseFunctionName(decodeURIComponent(encoded), url.searchParams.get('Qualifier'));
  const type =
    kind === 'oldAsync' ? 'Event' : (header(request, 'x-amz-invocation-type') ?? 'RequestResponse');
  checkJson(body);
  const options: InvokeOptions = {
    payload: body,
    requestId: randomUUID(),
    clientContext: readContext(header(request, 'x-amz-client-context')),
    traceId: header(request, 'x-amzn-trace-id'),
  };
  response.setHeader('x-amzn-requestid', options.requestId ?? '');
  if (type === 'DryRun') {
    resolveVersion(service, named(service, name), name.qualifier);
    return void response.writeHead(204).end();
  }
  if (type === 'Event') return answerEvent(service, name, options, response);
  if (type !== 'RequestResponse') {
    throw new LambdaError(
      400,
      'InvalidParameterValueException',
      `Invocation type ${type} is not supported (RequestResponse, Event, DryRun)`,
    );
  }
  const tail = header(request, 'x-amz-log-type') === 'Tail';
  return kind === 'stream'
    ? answerStream(service, name, options, tail, response)
    : answerBuffered(service, name, options, tail, response);
}

/** Longest payload of an invocation, in bytes. */
export function longestPayload(request: IncomingMessage): number {
  return header(request, 'x-amz-invocation-type') === 'Event' ? limits.eventPayload : limits.payload;
}

async function answerBuffered(
  service: Service,
  name: FunctionName,
  options: InvokeOptions,
  tail: boolean,
  response: ServerResponse,
): Promise<void> {
  const { result, executedVersion } = await invoke(service, name, options);
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': result.payload.length,
    'x-amz-executed-version': executedVersion,
    ...(result.functionError ? { 'x-amz-function-error': 'Unhandled' } : {}),
    ...(tail ? { 'x-amz-log-result': Buffer.from(result.record.logTail).toString('base64') } : {}),
  });
  response.end(result.payload);
}

function answerEvent(
  service: Service,
  name: FunctionName,
  options: InvokeOptions,
  response: ServerResponse,
): void {
  if (options.payload.length > limits.eventPayload) {
    throw new LambdaError(
      413,
      'RequestTooLargeException',
      `${options.payload.length} byte payload is too large for the Event invocation type (limit ${limits.eventPayload} bytes)`,
    );
  }
  resolveVersion(service, named(service, name), name.qualifier);
  enqueue(service, name, options);
  response.writeHead(202, { 'content-length': 0 }).end();
}

async function answerStream(
  service: Service,
  name: FunctionName,
  options: InvokeOptions,
  tail: boolean,
  response: ServerResponse,
): Promise<void> {
  const begin = (contentType: string, executedVersion: string): void => {
    response.writeHead(200, {
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amz-executed-version': executedVersion,
      'x-amzn-lambda-response-stream-content-type': contentType,
    });
  };
  const send = (type: string, contentType: string, payload: Buffer): boolean =>
    response.write(
      encodeMessage({ ':message-type': 'event', ':event-type': type, ':content-type': contentType }, payload),
    );
  const { result, executedVersion } = await invoke(service, name, {
    ...options,
    onStream(contentType, body, executedVersion) {
      begin(contentType, executedVersion);
      body.on('data', (chunk: Buffer) => {
        if (send('PayloadChunk', 'application/octet-stream', chunk)) return;
        body.pause();
        response.once('drain', () => body.resume());
      });
      response.on('close', () => body.resume());
    },
  });
  if (!result.streamed) {
    begin('application/json', executedVersion);
    if (!result.functionError) send('PayloadChunk', 'application/octet-stream', result.payload);
  }
  const error = result.functionError ? result.payload : undefined;
  const complete = {
    ...(error ? { ErrorCode: 'Unhandled', ErrorDetails: error.toString() } : {}),
    ...(tail ? { LogResult: Buffer.from(result.record.logTail).toString('base64') } : {}),
  };
  send('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(complete)));
  response.end();
}

function checkJson(body: Buffer): void {
  if (body.length === 0) return;
  try {
    JSON.parse(body.toString());
  } catch (error) {
    throw new LambdaError(
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: Could not parse payload into json: ${(error as Error).message}`,
    );
  }
}

function readContext(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = Buffer.from(value, 'base64').toString();
  try {
    // The runtime gets it in a header, so it goes on as one line of plain ASCII.
    return JSON.stringify(JSON.parse(text)).replaceAll(
      /[\u007f-\uffff]/g,
      c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  } catch {
    throw new LambdaError(
      400,
      'InvalidRequestContentException',
      'Client context must be a valid Base64-encoded JSON object.',
    );
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  return request.headersDistinct[name]?.[0];
}
