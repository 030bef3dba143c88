/** Reads what a request claims about its signature: from the Authorization header, or from a presigned query. */
import type { RequestTarget } from './target.ts';

export type SignatureErrorCode =
  | 'AccessDenied'
  | 'AuthorizationHeaderMalformed'
  | 'AuthorizationQueryParametersError'
  | 'ExpiredToken'
  | 'InvalidAccessKeyId'
  | 'InvalidRequest'
  | 'InvalidToken'
  | 'RequestTimeTooSkewed'
  | 'SignatureDoesNotMatch'
  | 'XAmzContentSHA256Mismatch';

/** A request whose signature is missing, malformed, out of time or wrong. Never holds a secret. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureErrorCode;
  /** The HTTP status S3 answers this code with. */
  readonly status: 400 | 403;

  constructor(code: SignatureErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = badRequests.has(code) ? 400 : 403;
  }
}

const badRequests: ReadonlySet<SignatureErrorCode> = new Set([
  'AuthorizationHeaderMalformed',
  'AuthorizationQueryParametersError',
  'ExpiredToken',
  'InvalidRequest',
  'InvalidToken',
  'XAmzContentSHA256Mismatch',
]);

export interface Scope {
  /** `YYYYMMDD` */ readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** What the request says; nothing here is verified yet. */
export interface Claim {
  readonly accessKeyId: string;
  readonly scope: Scope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */ readonly timestamp: string;
  readonly sessionToken: string | undefined;
  /** Seconds a presigned URL lives; `undefined` for a signed header. */
  readonly expiresIn: number | undefined;
  /** The payload hash that was signed, as far as the claim itself tells it. */
  readonly payloadHash: string | undefined;
}

/** Header names in lower case, each with its values in the order sent; `IncomingMessage.headersDistinct` fits. */
export type Headers = Readonly<Record<string, string[] | undefined>>;

const algorithm = 'AWS4-HMAC-SHA256';
/** Seven days, in seconds: the longest a presigned URL may live. */
const longestExpiry = 604_800;

/**
 * Reads the claim of a SigV4 request.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
 * Throws `AccessDenied` when the request carries no authentication, `AuthorizationHeaderMalformed`,
 * `AuthorizationQueryParametersError` or `InvalidRequest` when it carries one that cannot be read.
 */
export function readClaim(headers: Headers, target: RequestTarget): Claim {
  const header = headers['authorization']?.[0];
  if (header !== undefined) return claimOfHeader(header, headers);
  const query = new Map(target.query);
  if (query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature')) return claimOfQuery(query);
  // Version 2 lived in this parameter; buckets made since June 2020 refuse it.
  if (query.has('AWSAccessKeyId')) throw unsupported();
  throw new SignatureError('AccessDenied', 'Access Denied: the request carries no signature.');
}

function claimOfHeader(header: string, headers: Headers): Claim {
  const malformed = (reason: string): never => {
    throw new SignatureError(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; ${reason}.`,
    );
  };
  const space = header.indexOf(' ');
  if (header.slice(0, space) !== algorithm) throw unsupported();
  const fields = new Map(
    header
      .slice(space + 1)
      .split(',')
      .map(part => part.trim().split('=', 2) as [string, string | undefined]),
  );
  const credential = fields.get('Credential') ?? malformed('the Credential field is missing');
  const signedHeaders = fields.get('SignedHeaders') ?? malformed('the SignedHeaders field is missing');
  const signature = fields.get('Signature') ?? malformed('the Signature field is missing');
  const timestamp = headers['x-amz-date']?.[0] ?? timestampOf(headers['date']?.[0]);
  if (timestamp === undefined)
    throw new SignatureError(
      'AccessDenied',
      'AWS authentication requires a valid Date or x-amz-date header.',
    );
  return {
    ...readCredential(credential, malformed),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    sessionToken: headers['x-amz-security-token']?.[0],
    expiresIn: undefined,
    payloadHash: headers['x-amz-content-sha256']?.[0],
  };
}

function claimOfQuery(query: ReadonlyMap<string, string>): Claim {
  const malformed = (reason: string): never => {
    throw new SignatureError(
      'AuthorizationQueryParametersError',
      `Error parsing the query parameters; ${reason}.`,
    );
  };
  const need = (name: string): string => query.get(name) ?? malformed(`${name} is missing`);
  if (need('X-Amz-Algorithm') !== algorithm) malformed(`X-Amz-Algorithm only supports "${algorithm}"`);
  const expires = need('X-Amz-Expires');
  if (!/^\d{1,9}$/.test(expires)) malformed('X-Amz-Expires should be a number');
  const expiresIn = Number(expires);
  if (expiresIn < 1 || expiresIn > longestExpiry)
    malformed(`X-Amz-Expires must be between 1 and ${longestExpiry} seconds`);
  return {
    ...readCredential(need('X-Amz-Credential'), malformed),
    signedHeaders: need('X-Amz-SignedHeaders').split(';'),
    signature: need('X-Amz-Signature'),
    timestamp: need('X-Amz-Date'),
    sessionToken: query.get('X-Amz-Security-Token'),
    expiresIn,
    payloadHash: query.get('X-Amz-Content-Sha256'),
  };
}

function readCredential(
  credential: string,
  malformed: (reason: string) => never,
): { accessKeyId: string; scope: Scope } {
  // The scope is read from the end: an access key id may itself hold a slash.
  const parts = credential.split('/');
  const [date = '', region = '', service = '', terminator = ''] = parts.splice(-4);
  const accessKeyId = parts.join('/');
  if (accessKeyId === '' || terminator !== 'aws4_request' || !/^\d{8}$/.test(date))
    malformed('the Credential is not <access key>/YYYYMMDD/REGION/SERVICE/aws4_request');
  return { accessKeyId, scope: { date, region, service } };
}

function timestampOf(date: string | undefined): string | undefined {
  const time = Date.parse(date ?? '');
  if (Number.isNaN(time)) return undefined;
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function unsupported(): SignatureError {
  return new SignatureError(
    'InvalidRequest',
    `The authorization mechanism you have provided is not supported. Please use ${algorithm}.`,
  );
}
