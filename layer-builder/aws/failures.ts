/** What an AWS answer means: worth another attempt, or which coded error for people. Pure. */
import { BuilderError } from '../errors.ts';

/** What was being done, for messages: the IAM action and what it was done to. */
export interface CallFacts {
  /** IAM action, e.g. `s3:PutObject`. */
  readonly action: string;
  /** e.g. `s3://bucket/key` or a layer's name. */
  readonly resource: string;
  readonly region: string;
  readonly endpoint: string;
}

interface SdkError extends Error {
  readonly code?: string;
  readonly Code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

const networkCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'],
]);
const throttleNames = new Set([
  ...['TooManyRequestsException', 'ThrottlingException', 'Throttling', 'SlowDown'],
  ...['RequestLimitExceeded', 'RequestThrottled', 'TooManyRequests'],
]);
const rejectedNames = new Set([
  ...['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidSignatureException', 'InvalidToken'],
  ...['UnrecognizedClientException', 'InvalidClientTokenId', 'ExpiredToken', 'ExpiredTokenException'],
  ...[
    'MissingAuthenticationTokenException',
    'IncompleteSignatureException',
    'AuthFailure',
    'TokenRefreshRequired',
  ],
]);
/** S3 says 409 or BadDigest when a race or a damaged body spoilt one attempt; the next one may succeed. */
const againNames = new Set([
  ...['ConditionalRequestConflict', 'OperationAborted', 'RequestTimeout', 'RequestTimeTooSkewed'],
  ...['BadDigest', 'XAmzContentChecksumMismatch', 'InternalError', 'ServiceException'],
]);

/** The name AWS gave the error, or the status as text where a HEAD answer had no body. */
export function nameOf(error: unknown): string {
  const sdk = error as SdkError;
  if (!(error instanceof Error)) return '';
  if (sdk.Code) return sdk.Code;
  return sdk.name === 'Error' ? (sdk.code ?? sdk.name) : sdk.name;
}

export function statusOf(error: unknown): number | undefined {
  return (error as SdkError | undefined)?.$metadata?.httpStatusCode;
}

export type Transience = 'no' | 'network' | 'timeout' | 'throttled' | 'server';

/** Whether another attempt of the same call can help, and why. */
export function transienceOf(error: unknown): Transience {
  const name = nameOf(error);
  const code = (error as SdkError | undefined)?.code ?? '';
  if (name === 'TimeoutError') return 'timeout';
  if (networkCodes.has(code) || networkCodes.has(name) || isBrokenAnswer(error)) return 'network';
  const status = statusOf(error) ?? 0;
  if (throttleNames.has(name) || status === 429) return 'throttled';
  if (status >= 500 || againNames.has(name)) return 'server';
  return 'no';
}

/** A body cut short reaches us as a parser's complaint about an answer whose status was 200. */
function isBrokenAnswer(error: unknown): boolean {
  return error instanceof SyntaxError && statusOf(error) === 200;
}

/** `Retry-After` in milliseconds, when the answer had one. */
export function retryAfterOf(error: unknown): number | undefined {
  const value = (error as SdkError | undefined)?.$response?.headers?.['retry-after'];
  const seconds = value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** The coded error of an AWS failure. */
export function failureOf(error: unknown, call: CallFacts): BuilderError {
  const name = nameOf(error);
  const status = statusOf(error);
  const { action, resource, region, endpoint } = call;
  const details = { action, resource, region, endpoint, awsError: name, status: status ?? null };
  const make = (code: BuilderError['code'], message: string, hint: string) =>
    new BuilderError(code, message, { hint, details, cause: error });

  if (name === 'CredentialsProviderError') {
    return make(
      'CREDENTIALS_MISSING',
      `no AWS credentials (expected keys or a profile, found none)`,
      credentialsHint,
    );
  }
  if (rejectedNames.has(name)) {
    return make(
      'CREDENTIALS_REJECTED',
      `${endpoint} refuses the credentials (expected valid ones, found ${name})`,
      rejectedHint,
    );
  }
  // The answer to HeadBucket has no body and so no name of S3's own.
  if (name === 'NoSuchBucket' || (action === 's3:ListBucket' && status === 404)) {
    return make(
      'BUCKET_NOT_FOUND',
      `there is no such bucket (expected ${resource} in ${region}, found NoSuchBucket)`,
      'create it, or name another with --bucket; "{region}" in the name stands for each region',
    );
  }
  if (name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed' || status === 301) {
    return make(
      'BUCKET_NOT_FOUND',
      `the bucket is in another region (expected ${resource} in ${region}, found ${name || status})`,
      'a layer is made from a bucket in its own region: use one bucket per region, e.g. --bucket my-artifacts-{region}',
    );
  }
  switch (transienceOf(error)) {
    case 'network':
    case 'timeout':
      return make(
        'ENDPOINT_UNREACHABLE',
        `${endpoint} does not answer ${action} (expected an answer, found ${(error as SdkError).code ?? name})`,
        'check AWS_ENDPOINT_URL, the region and the network; "layer-builder local" starts S3 and Lambda on this machine',
      );
    case 'throttled':
      return make(
        'THROTTLED',
        `AWS throttles ${action} in ${region} (expected an answer, found ${name})`,
        'Lambda allows 15 control plane calls a second for the whole account; run again: what is done is kept',
      );
    default:
  }
  if (status === 403 || name.startsWith('AccessDenied')) {
    return make(
      'ACCESS_DENIED',
      `not allowed: ${action} on ${resource} (expected permission, found ${name})`,
      '"layer-builder doctor" prints the policy that the publisher needs; without s3:ListBucket a missing object looks like this too',
    );
  }
  if (name === 'CodeStorageExceededException') {
    return make(
      'STORAGE_EXCEEDED',
      `Lambda's code storage in ${region} is full (found ${said(error)})`,
      '"layer-builder gc" lists what nothing refers to any more; AWS raises the limit on request',
    );
  }
  return make(
    'PUBLISH_FAILED',
    `${action} on ${resource} failed (expected success, found ${name}: ${said(error)})`,
    'mend what AWS names and run again: what is done is kept',
  );
}

const credentialsHint =
  'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "layer-builder local" prints a set for this machine';
const rejectedHint = 'sign in again or check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

function said(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // In one line: a server must not forge a second error below its own.
  return text.replace(/\s+/g, ' ').slice(0, 300);
}
