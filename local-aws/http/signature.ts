/** Verifies AWS Signature Version 4, in the header or in a presigned query, over the raw request. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { CredentialStore, Principal } from '../credentials.ts';
import { type Claim, type Headers, readClaim, type Scope, SignatureError } from './authorization.ts';
import { canonicalRequest, type SignedService } from './canonical.ts';
import { parseTarget } from './target.ts';

export { SignatureError, type SignatureErrorCode } from './authorization.ts';

/** The parts of a request that are signed; an `IncomingMessage` fits. */
export interface SignedRequest {
  readonly method?: string | undefined;
  /** The raw request target. */ readonly url?: string | undefined;
  readonly headersDistinct: Headers;
}

export interface VerifyOptions {
  /** Decides how the path is encoded, and must equal the service of the scope. */
  readonly service: SignedService;
  readonly credentials: CredentialStore;
  /** Milliseconds since the epoch. */ readonly now: number;
  /**
   * SHA-256 of the body in lower-case hex, when the caller has read it. Without it the hash is taken from
   * `x-amz-content-sha256`, and the caller must hold the body against `payloadHash` itself.
   */
  readonly bodyHash?: string;
}

export interface VerifiedRequest {
  readonly principal: Principal;
  readonly scope: Scope;
  /** The hash the body must be held against: hex, `UNSIGNED-PAYLOAD` or `STREAMING-…`. */
  readonly payloadHash: string;
  /** Seed of the chunk signatures of `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`. */
  readonly signature: string;
  readonly timestamp: string;
  readonly signingKey: Buffer;
}

/** Fifteen minutes, in milliseconds: how far a client's clock may be off. */
const allowedSkew = 900_000;

/**
 * Verifies the signature of a request and returns who signed it.
 * Throws `SignatureError`: `AccessDenied` (no signature, expired URL, unsigned x-amz headers), `InvalidAccessKeyId`,
 * `InvalidToken`, `ExpiredToken`, `RequestTimeTooSkewed`, `SignatureDoesNotMatch`, `XAmzContentSHA256Mismatch`,
 * or a code for a malformed claim. Throws `TargetError` when the target does not decode.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySignature(request: SignedRequest, options: VerifyOptions): VerifiedRequest {
  const target = parseTarget(request.url ?? '/');
  const headers = request.headersDistinct;
  const claim = readClaim(headers, target);
  const payloadHash = readPayloadHash(headers, claim, options);
  checkTime(claim, options.now);
  checkScope(claim, options.service);
  checkSignedHeaders(claim, headers, options.service);
  const principal = findPrincipal(claim, options);
  const signingKey = deriveKey(principal.secretAccessKey, claim.scope);
  const stringToSign = [
    'AWS4-HMAC-SHA256',
    claim.timestamp,
    formatScope(claim.scope),
    sha256(canonicalRequest(request.method ?? 'GET', target, headers, claim, payloadHash, options.service)),
  ].join('\n');
  const expected = createHmac('sha256', signingKey).update(stringToSign).digest('hex');
  // As texts: decoding would drop whatever follows the last digit.
  if (!isSameText(claim.signature, expected))
    throw new SignatureError(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    );
  const { scope, timestamp, signature } = claim;
  // A presigned URL leaves the body open: what the sender declares of it then is held against it all the same.
  const declared = claim.expiresIn === undefined ? undefined : headers['x-amz-content-sha256']?.[0];
  return { principal, scope, payloadHash: declared ?? payloadHash, signature, timestamp, signingKey };
}

/** Formats a credential scope: `20261123/eu-west-1/s3/aws4_request`. */
export function formatScope(scope: Scope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** The hash in the text that was signed. Throws when the body that was read is another one. */
function readPayloadHash(headers: Headers, claim: Claim, { bodyHash, service }: VerifyOptions): string {
  const declared = headers['x-amz-content-sha256']?.[0];
  if (
    bodyHash !== undefined &&
    declared !== undefined &&
    /^[0-9a-f]{64}$/.test(declared) &&
    declared !== bodyHash
  )
    throw new SignatureError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  const signed = claim.signedHeaders.includes('x-amz-content-sha256') ? declared : undefined;
  // Whoever makes a URL for S3 seldom knows the body that will be sent with it.
  const unsigned = service === 's3' && claim.expiresIn !== undefined ? 'UNSIGNED-PAYLOAD' : undefined;
  const payloadHash = signed ?? claim.payloadHash ?? unsigned ?? bodyHash;
  if (payloadHash === undefined)
    throw new SignatureError(
      'InvalidRequest',
      'Missing required header for this request: x-amz-content-sha256',
    );
  return payloadHash;
}

function checkTime(claim: Claim, now: number): void {
  const signedAt = parseTimestamp(claim.timestamp);
  if (Number.isNaN(signedAt) || !claim.timestamp.startsWith(claim.scope.date))
    throw new SignatureError(
      claim.expiresIn === undefined ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError',
      'Invalid credential date: it must be YYYYMMDDTHHMMSSZ and agree with the credential scope.',
    );
  if (claim.expiresIn === undefined) {
    if (Math.abs(now - signedAt) > allowedSkew)
      throw new SignatureError(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
      );
    return;
  }
  if (signedAt - now > allowedSkew) throw new SignatureError('AccessDenied', 'Request is not yet valid.');
  if (now > signedAt + claim.expiresIn * 1000)
    throw new SignatureError('AccessDenied', 'Request has expired.');
}

function checkScope(claim: Claim, service: string): void {
  if (claim.scope.service === service) return;
  throw new SignatureError(
    claim.expiresIn === undefined ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError',
    `The credential scope names the wrong service; expected "${service}".`,
  );
}

function checkSignedHeaders(claim: Claim, headers: Headers, service: string): void {
  const signed = new Set(claim.signedHeaders);
  // S3 refuses x-amz headers that were added after signing; other services only need the host.
  const required = Object.keys(headers).filter(
    name => name === 'host' || (service === 's3' && name.startsWith('x-amz-')),
  );
  // A presigned URL may be used with a payload hash that its maker did not know.
  const missing = required.filter(
    name => !signed.has(name) && !(claim.expiresIn !== undefined && name === 'x-amz-content-sha256'),
  );
  if (missing.length > 0 || !signed.has('host'))
    throw new SignatureError(
      'AccessDenied',
      'There were headers present in the request which were not signed.',
    );
}

function findPrincipal(claim: Claim, { credentials, now }: VerifyOptions): Principal {
  const principal = credentials.find(claim.accessKeyId);
  // Temporary keys are unknown without their token, as at AWS.
  if (principal === undefined || (principal.sessionToken !== undefined && claim.sessionToken === undefined))
    throw new SignatureError(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  if (!isSameText(claim.sessionToken ?? '', principal.sessionToken ?? ''))
    throw new SignatureError('InvalidToken', 'The provided token is malformed or otherwise invalid.');
  if (principal.expiresAt !== undefined && now >= principal.expiresAt)
    throw new SignatureError('ExpiredToken', 'The provided token has expired.');
  return principal;
}

function deriveKey(secret: string, { date, region, service }: Scope): Buffer {
  return [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
}

function parseTimestamp(timestamp: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp) ?? [];
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

/** Compares without telling by its time how much was right. */
function isSameText(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(a), 'hex'), Buffer.from(sha256(b), 'hex'));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
