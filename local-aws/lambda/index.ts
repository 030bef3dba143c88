/** Lambda on this machine: the control plane over HTTP, functions in sandboxes, function URLs on ports. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { CredentialStore } from '../credentials.ts';
import { SignatureError, verifySignature } from '../http/signature.ts';
import type { IamService } from '../iam/index.ts';
import type { LogsService } from '../logs/index.ts';
import type { ObjectSource } from '../s3/index.ts';
import type { Ladder } from '../sandbox/index.ts';
import type { InvocationRecord } from '../sandbox/report.ts';
import type { Place } from './arn.ts';
import { LambdaError } from './errors.ts';
import { parseFields } from './fields.ts';
import { asLambdaError, readBody, sendAnswer, sendError } from './http.ts';
import { answerInvoke, longestPayload, matchInvoke } from './invoke-operation.ts';
import { openLifecycles } from './lifecycle.ts';
import { routes } from './routes.ts';
import { openRunning } from './running.ts';
import type { Service } from './service.ts';
import { openStore } from './store.ts';
import { openUrlListeners } from './url-listeners.ts';
import { answerUrl } from './url-requests.ts';

export interface LambdaService {
  /** Whether a request is Lambda's: a date and a resource of its API, and not signed for S3. */
  matches(request: IncomingMessage): boolean;
  /** Answers one request, errors included; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** The last invocations, newest last, at most 200. */
  readonly invocations: readonly InvocationRecord[];
  /** Calls `listener` with each invocation from now on; returns what ends that. */
  onInvocation(listener: (record: InvocationRecord) => void): () => void;
  /** Shuts down the execution environments of a function, so that its next invocation starts cold. */
  endEnvironments(functionName: string): Promise<void>;
  /** Ends every function and every URL. Nothing is left running or mounted. */
  close(): Promise<void>;
}

export interface LambdaOptions {
  /** Folder that holds everything; made when absent. One process at a time. */
  readonly data: string;
  readonly place: Place;
  readonly endpoint: string;
  readonly credentials: CredentialStore;
  readonly objects: ObjectSource;
  readonly iam: IamService;
  /** Takes what functions write. */
  readonly writeLog: LogsService['write'];
  readonly sandbox: Ladder;
  /** First port of function URLs, 0 for any free one. */
  readonly urlPort: number;
  /** Shortest time that a change of a function stays in progress. */
  readonly changeMs: number;
  readonly log: (line: string) => void;
}

const resource =
  /^\/\d{4}-\d{2}-\d{2}\/(functions|layers|tags|account-settings|event-source-mappings)(\/|\?|$)/;
const linkPath = '/_lambda/code/';
const linkMs = 600_000;

/**
 * Opens Lambda over `data`; the URLs of its functions listen again on their ports.
 * Throws `PORT_TAKEN` when one of them is taken, `DATA_UNREADABLE` for a damaged record.
 */
export async function openLambda(options: LambdaOptions): Promise<LambdaService> {
  const { place, endpoint, credentials, objects, iam, sandbox, log } = options;
  const store = openStore(options.data);
  const secret = randomBytes(32);
  const sign = (text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  const lifecycles = openLifecycles(place, options.changeMs);
  const service: Service = {
    ...{ place, endpoint, store, objects, credentials, iam, log },
    lifecycles,
    running: openRunning({
      ...{ sandbox, store, place, endpoint, credentials, log, serving: lifecycles.serving },
      onLog({ role, logGroup }, stream, entries) {
        const arn = `arn:aws:logs:${place.region}:${place.account}:log-group:${logGroup}:log-stream:${stream}`;
        if (iam.may(role, 'logs:PutLogEvents', arn)) options.writeLog(logGroup, stream, entries);
      },
    }),
    urls: openUrlListeners(options.urlPort, (owner, request, response) => {
      void answerUrl(service, owner, request, response);
    }),
    linkTo(sha256) {
      const expires = Date.now() + linkMs;
      return `${endpoint}${linkPath}${sha256}.zip?Expires=${expires}&Signature=${sign(`${sha256} ${expires}`).toString('hex')}`;
    },
  };
  try {
    for (const record of store.functions.all()) {
      for (const [qualifier, { port }] of Object.entries(record.urls)) {
        await service.urls.open({ name: record.name, qualifier }, port);
      }
    }
  } catch (error) {
    await service.urls.closeAll();
    throw error;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname.startsWith(linkPath)) return download(url, response);
    const kind = matchInvoke(url.pathname);
    if (kind && request.method === 'POST') {
      const body = await readBody(request, longestPayload(request), 'InvokeFunction');
      verify(request, body);
      return answerInvoke(service, kind, url, request, response, body);
    }
    for (const { method, pattern, name, operation, most } of routes) {
      const match = request.method === method ? pattern.exec(url.pathname) : null;
      if (!match) continue;
      const body = await readBody(request, most, name);
      verify(request, body);
      const path = Object.fromEntries(
        Object.entries(match.groups ?? {}).map(([key, value]) => [key, decoded(value)]),
      );
      return sendAnswer(
        response,
        await operation(service, { path, query: url.searchParams, fields: parseFields(body) }),
      );
    }
    request.resume();
    throw new LambdaError(
      404,
      'UnknownOperationException',
      `local-aws has no operation ${request.method} ${url.pathname}`,
    );
  }

  function verify(request: IncomingMessage, body: Buffer): void {
    try {
      const bodyHash = createHash('sha256').update(body).digest('hex');
      verifySignature(request, { service: 'lambda', credentials, now: Date.now(), bodyHash });
    } catch (error) {
      if (error instanceof SignatureError)
        throw new LambdaError(error.status, signatureTypes[error.code] ?? error.code, error.message);
      throw error;
    }
  }

  function download(url: URL, response: ServerResponse): void {
    const sha256 = url.pathname.slice(linkPath.length, -'.zip'.length);
    const expires = url.searchParams.get('Expires') ?? '';
    const given = Buffer.from(url.searchParams.get('Signature') ?? '');
    const expected = Buffer.from(sign(`${sha256} ${expires}`).toString('hex'));
    if (
      given.length !== expected.length ||
      !timingSafeEqual(given, expected) ||
      Number(expires) < Date.now()
    ) {
      throw new LambdaError(
        403,
        'AccessDeniedException',
        'The link is not valid or has expired; ask for a new one.',
      );
    }
    response.writeHead(200, { 'content-type': 'application/zip' });
    pipeline(createReadStream(store.pathOf(sha256)), response, () => {});
  }

  return {
    matches: request => {
      const url = request.url ?? '/';
      // A key of S3 may look like anything; who signed it for S3 means S3.
      const claim = `${request.headers.authorization} ${url}`.replaceAll(/%2f/gi, '/');
      return (url.startsWith(linkPath) || resource.test(url)) && !claim.includes('/s3/aws4_request');
    },
    async handle(request, response) {
      await answer(request, response).catch(error => sendError(response, asLambdaError(error, log)));
    },
    invocations: service.running.records,
    onInvocation: service.running.onRecord,
    async endEnvironments(functionName) {
      const record = store.functions.get(functionName);
      if (record) await service.running.retire(record, true);
    },
    async close() {
      await service.urls.closeAll();
      await service.lifecycles.settled();
      await service.running.close();
    },
  };
}

/** S3's names of signature errors as Lambda calls them. */
const signatureTypes: Readonly<Record<string, string>> = {
  AccessDenied: 'MissingAuthenticationTokenException',
  InvalidAccessKeyId: 'UnrecognizedClientException',
  InvalidToken: 'UnrecognizedClientException',
  ExpiredToken: 'ExpiredTokenException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  RequestTimeTooSkewed: 'InvalidSignatureException',
};

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new LambdaError(400, 'ValidationException', 'The path holds a percent escape that is not UTF-8.');
  }
}
