/** Answers a request to a function URL: who may call, the event, the function, the response. */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../credentials.ts';
import { SignatureError, verifySignature } from '../http/signature.ts';
import { corsHeaders, preflight } from './cors.ts';
import { LambdaError } from './errors.ts';
import { readBody } from './http.ts';
import { invoke, newTraceId } from './invocations.ts';
import { limits } from './limits.ts';
import { missingForPublicUrl } from './policies.ts';
import { at, type FunctionRecord, type UrlConfig } from './records.ts';
import type { Service } from './service.ts';
import { toEvent, toResponse } from './url-event.ts';
import type { UrlOwner } from './url-listeners.ts';
import { streamResponse } from './url-stream.ts';

/** Never rejects: whatever goes wrong is an answer with Lambda's own status. */
export async function answerUrl(
  service: Service,
  owner: UrlOwner,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID();
  response.setHeader('x-amzn-requestid', requestId);
  try {
    await answer(service, owner, request, response, requestId);
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    if (!(error instanceof LambdaError)) {
      service.log(`local-aws: request to the URL of ${owner.name} failed: ${(error as Error).message}`);
      return sendError(response, 500, 'InternalServerError', { Message: 'Internal Server Error' });
    }
    sendError(response, error.status, error.type, { Message: error.message, ...error.fields });
  }
}

async function answer(
  service: Service,
  owner: UrlOwner,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  const record = service.store.functions.get(owner.name);
  const config = record && at(record.urls, owner.qualifier);
  if (!record || !config) throw new LambdaError(404, 'ResourceNotFoundException', 'Not Found');
  const cors = config.cors ? corsHeaders(config.cors, request.headers.origin) : {};
  for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
  if (config.cors && preflight(request)) return void response.writeHead(200).end();

  const body = await readBody(request, limits.payload, 'Invoke');
  const principal = authorise(service, record, owner, config, request, body);
  const traceId = newTraceId();
  response.setHeader('x-amzn-trace-id', traceId.split(';')[0] ?? '');
  const event = toEvent({
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    protocol: `HTTP/${request.httpVersion}`,
    headers: request.headersDistinct,
    body,
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    urlId: config.id,
    domain: `127.0.0.1:${config.port}`,
    requestId,
    traceId,
    at: Date.now(),
    principal,
    account: service.place.account,
  });
  const streaming = config.mode === 'RESPONSE_STREAM' ? streamResponse(response) : undefined;
  const { result } = await invoke(service, owner, {
    payload: Buffer.from(JSON.stringify(event)),
    requestId,
    traceId,
    ...(streaming ? { onStream: streaming.begin } : {}),
  });
  if (result.streamed) return streaming?.end(result.record.status !== 'success');
  const answered = result.functionError ? undefined : toResponse(result.payload);
  if (!answered) {
    return sendError(response, 502, 'InternalServerErrorException', undefined);
  }
  if (answered.cookies.length > 0) response.setHeader('set-cookie', [...answered.cookies]);
  const bodiless = answered.status === 204 || answered.status === 304;
  response.writeHead(answered.status, {
    ...answered.headers,
    ...(bodiless ? {} : { 'content-length': answered.body.length }),
  });
  response.end(bodiless || request.method === 'HEAD' ? undefined : answered.body);
}

/** Who calls, or undefined where anyone may. Throws 403 in Lambda's words; the log says what is missing. */
function authorise(
  service: Service,
  record: FunctionRecord,
  owner: UrlOwner,
  config: UrlConfig,
  request: IncomingMessage,
  body: Buffer,
): Principal | undefined {
  const refusal = (type: string): LambdaError =>
    new LambdaError(
      403,
      type,
      'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
    );
  if (config.auth === 'NONE') {
    const missing = missingForPublicUrl(record, owner.qualifier);
    if (missing === undefined) return undefined;
    service.log(
      `local-aws: 403 from the URL of ${owner.name}: its policy (${owner.qualifier}) lacks ${missing} for principal "*"`,
    );
    throw refusal('AccessDeniedException');
  }
  try {
    const bodyHash = createHash('sha256').update(body).digest('hex');
    const { credentials } = service;
    return verifySignature(request, { service: 'lambda', credentials, now: Date.now(), bodyHash }).principal;
  } catch (error) {
    if (error instanceof SignatureError)
      throw refusal(error.code === 'AccessDenied' ? 'AccessDeniedException' : error.code);
    throw error;
  }
}

function sendError(response: ServerResponse, status: number, type: string, body: unknown): void {
  const text = body === undefined ? 'Internal Server Error' : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-amzn-errortype': type,
  });
  response.end(text);
}
