/** The small services: one table of operations each, behind the three protocols in which AWS's clients speak to them. */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialStore } from '../credentials.ts';
import type { SignedService } from '../http/canonical.ts';
import { SignatureError, verifySignature } from '../http/signature.ts';
import { ApiError } from './error.ts';
import { type Input, type Protocol, protocolOf } from './protocols.ts';

/** A service of this server, named as in the scope of signatures. */
export interface Api {
  readonly service: SignedService;
  /** Of its XML answers. */
  readonly namespace: string;
  /** By name, e.g. `FilterLogEvents`. What it answers is plain data; a `Date` is a timestamp. */
  readonly operations: Readonly<Record<string, (input: Input, caller: string) => unknown>>;
}

export interface ApiService {
  matches(request: IncomingMessage): boolean;
  /** Answers one request, errors included; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** One megabyte of log events, the largest request of these services, in base64. */
const longestBody = 2 << 20;

export function openApis(
  apis: readonly Api[],
  credentials: CredentialStore,
  log: (line: string) => void,
): ApiService {
  function apiOf(request: IncomingMessage): Api | undefined {
    const scope = /Credential=[^,]*\/([a-z]+)\/aws4_request/.exec(request.headers.authorization ?? '')?.[1];
    return apis.find(({ service }) => service === scope);
  }

  async function answer(api: Api, protocol: Protocol, request: IncomingMessage): Promise<Buffer> {
    const body = await readBody(request);
    const caller = verify(api, request, body);
    const { operation, input } = protocol.read(request, body);
    if (!Object.hasOwn(api.operations, operation)) {
      throw new ApiError('InvalidAction', `local-aws has no operation ${operation} of ${api.service}`);
    }
    const output = await api.operations[operation]?.(input, caller);
    return protocol.write(operation, output ?? {}, api.namespace);
  }

  function verify(api: Api, request: IncomingMessage, body: Buffer): string {
    try {
      const bodyHash = createHash('sha256').update(body).digest('hex');
      const options = { service: api.service, credentials, now: Date.now(), bodyHash };
      return verifySignature(request, options).principal.arn;
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      throw new ApiError(signatureCodes[error.code] ?? 'InvalidClientTokenId', error.message, 403);
    }
  }

  return {
    matches: request => apiOf(request) !== undefined,
    async handle(request, response) {
      const api = apiOf(request);
      const protocol = protocolOf(request);
      const send = (status: number, body: Buffer, headers: Readonly<Record<string, string>> = {}): void => {
        response.writeHead(status, {
          ...protocol.headers,
          ...headers,
          'content-length': body.length,
          'x-amzn-requestid': randomUUID(),
        });
        response.end(body);
      };
      try {
        if (api === undefined) throw new ApiError('InvalidAction', 'no service of this name');
        send(200, await answer(api, protocol, request));
      } catch (error) {
        const known = error instanceof ApiError ? error : unforeseen(error, log);
        send(known.status, protocol.writeError(known, api?.namespace ?? ''), {
          'x-amzn-errortype': known.code,
          // Clients of a service that once spoke Query take its old code from here.
          'x-amzn-query-error': `${known.code};${known.status < 500 ? 'Sender' : 'Receiver'}`,
        });
      }
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size <= longestBody) chunks.push(chunk as Buffer);
  }
  if (size > longestBody) throw new ApiError('RequestEntityTooLarge', `more than ${longestBody} bytes`, 413);
  return Buffer.concat(chunks);
}

const signatureCodes: Readonly<Record<string, string>> = {
  AccessDenied: 'MissingAuthenticationToken',
  ExpiredToken: 'ExpiredToken',
  SignatureDoesNotMatch: 'SignatureDoesNotMatch',
  RequestTimeTooSkewed: 'SignatureDoesNotMatch',
};

function unforeseen(error: unknown, log: (line: string) => void): ApiError {
  log(`local-aws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new ApiError(
    'InternalFailure',
    'The request processing has failed because of an unknown error.',
    500,
  );
}
