/** Runs a function for whoever asks: the Invoke operation, a function URL, the queue of asynchronous events. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { InvocationResult } from '../sandbox/environment.ts';
import { type FunctionName, functionArn } from './arn.ts';
import { conflict, LambdaError } from './errors.ts';
import type { Service } from './service.ts';
import { drawVersion, named } from './service.ts';

export interface InvokeOptions {
  readonly payload: Buffer;
  readonly requestId?: string;
  readonly clientContext?: string | undefined;
  readonly traceId?: string | undefined;
  readonly onStream?: (contentType: string, body: IncomingMessage, executedVersion: string) => void;
}

export interface Invoked {
  readonly result: InvocationResult;
  readonly executedVersion: string;
  readonly requestId: string;
}

/**
 * Runs one version of a function and waits for its answer; a failing handler is an answer.
 * Throws `ResourceNotFoundException`, `ResourceConflictException` (Pending), `TooManyRequestsException`,
 * `ServiceException` when the machine lacks what the function needs.
 */
export async function invoke(service: Service, name: FunctionName, options: InvokeOptions): Promise<Invoked> {
  const record = named(service, name);
  const state = service.lifecycles.state(name.name);
  if (state.State !== 'Active') {
    throw conflict(
      `The operation cannot be performed at this time. The function is currently in the following state: ${state.State}`,
    );
  }
  const wanted = drawVersion(service, record, name.qualifier);
  const version = wanted.version === '$LATEST' ? (service.lifecycles.serving(name.name) ?? wanted) : wanted;
  const requestId = options.requestId ?? randomUUID();
  const { onStream } = options;
  const request = {
    requestId,
    payload: options.payload.length === 0 ? Buffer.from('{}') : options.payload,
    functionArn: functionArn(service.place, name.name, name.qualifier),
    traceId: options.traceId ?? newTraceId(),
    clientContext: options.clientContext,
    onStream:
      onStream &&
      ((contentType: string, body: IncomingMessage) => onStream(contentType, body, version.version)),
  };
  const answer = await service.running.invoke(record, version, request).catch(error => {
    service.log(`local-aws: ${name.name} could not be run: ${error.message}`);
    throw new LambdaError(500, 'ServiceException', `local-aws could not run the function: ${error.message}`);
  });
  if (answer.kind === 'throttled') {
    const reason =
      record.reserved === undefined
        ? 'ConcurrentInvocationLimitExceeded'
        : 'ReservedFunctionConcurrentInvocationLimitExceeded';
    throw new LambdaError(429, 'TooManyRequestsException', 'Rate Exceeded.', { Reason: reason });
  }
  return { result: answer.result, executedVersion: version.version, requestId };
}

export function newTraceId(): string {
  const time = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${time}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}
