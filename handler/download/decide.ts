/** R4: what to do after an attempt that did not give the artifact. Pure: one table of codes, in code. */
import type { HandlerErrorCode } from '../errors.ts';
import type { DownloadLimits } from '../settings.ts';
import type { Refusal } from './answer.ts';

/** How an attempt ended, when it did not end well. */
export type Trouble =
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly hadRange: boolean }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'silent'; readonly reason: 'first byte' | 'stall' | 'slow' | 'late' }
  | { readonly kind: 'reset'; readonly reason: string }
  /** The answer was complete but not the artifact: wrong length or wrong digest. */
  | { readonly kind: 'wrong'; readonly found: string }
  /** A range that does not continue what we have. */
  | { readonly kind: 'otherRange' };

/** What has happened so far in this download. */
export interface History {
  /** Attempts made, this one included. */
  readonly attempts: number;
  readonly wrongs: number;
  readonly isRedirected: boolean;
  readonly isClockCorrected: boolean;
  readonly isRenewed: boolean;
  /** Region that the last request was signed for. */
  readonly region: string;
}

export type Verdict =
  | { readonly do: 'fail'; readonly code: HandlerErrorCode; readonly found: string; readonly hint: string }
  /** Again after a pause; `restart` forgets the bytes received. */
  | {
      readonly do: 'retry';
      readonly reason: string;
      readonly restart: boolean;
      readonly afterMs: number | undefined;
    }
  | { readonly do: 'region'; readonly region: string }
  | { readonly do: 'clock'; readonly date: number }
  | { readonly do: 'credentials' };

export function decide(trouble: Trouble, history: History, limits: DownloadLimits): Verdict {
  const more = history.attempts < limits.attempts;
  const retry = (reason: string, restart = false, afterMs?: number): Verdict => ({
    do: 'retry',
    reason,
    restart,
    afterMs,
  });
  switch (trouble.kind) {
    case 'refused':
      return decideRefusal(trouble.refusal, trouble.hadRange, history, more, limits);
    case 'unreachable':
    case 'reset':
      if (more) return retry(trouble.reason);
      if (/^E[MN]FILE$/.test(trouble.reason)) {
        return fail('DEPS_TOO_MANY_FILES', trouble.reason, 'close files and sockets that the app holds open');
      }
      return fail(
        'DEPS_UNREACHABLE',
        trouble.reason,
        'check the endpoint, the VPC route to S3 and the security groups',
      );
    case 'silent':
      if (more) return retry(`too slow: ${trouble.reason}`);
      return fail(
        'DEPS_TIMEOUT',
        `no progress (${trouble.reason})`,
        'check the network path to S3, or attach the layer',
      );
    case 'otherRange':
      if (more) return retry('another range', true);
      return fail('DEPS_RESPONSE', 'ranges that do not fit', 'check proxies between the function and S3');
    case 'wrong':
      // Once more over another connection: a flipped bit on the way is rare, a wrong object is not cured by asking.
      if (more && history.wrongs <= 1) return retry('not the locked bytes', true);
      return fail(
        'DEPS_DIGEST',
        trouble.found,
        'the object is not what was published, or a proxy changes it: publish again, then look for who writes to the bucket',
      );
  }
}

function decideRefusal(
  refusal: Refusal,
  hadRange: boolean,
  history: History,
  more: boolean,
  limits: DownloadLimits,
): Verdict {
  const { status, code } = refusal;
  const found = `${status}${code && ` ${code}`}`;
  if (hadRange && (status === 412 || status === 416)) {
    if (more) return { do: 'retry', reason: 'the object changed', restart: true, afterMs: undefined };
    return fail(
      'DEPS_DIGEST',
      `${found}: the object keeps changing`,
      'find out who overwrites objects in the bucket',
    );
  }
  if (isElsewhere(refusal)) {
    if (refusal.region !== undefined && !history.isRedirected && refusal.region !== history.region) {
      return { do: 'region', region: refusal.region };
    }
    return fail(
      'DEPS_REGION',
      found,
      'publish to the region the function runs in; redirects are followed to AWS regions only, once',
    );
  }
  if (code === 'RequestTimeTooSkewed') {
    if (refusal.date !== undefined && !history.isClockCorrected) return { do: 'clock', date: refusal.date };
    return fail('DEPS_CLOCK', found, 'set the clock of this machine');
  }
  if (credentialCodes.has(code)) {
    if (!history.isRenewed) return { do: 'credentials' };
    return fail('DEPS_CREDS', found, 'renew the credentials, or check the execution role');
  }
  if (code === 'SignatureDoesNotMatch') return fail('DEPS_CREDS', found, 'check the secret access key');
  if (status === 404 && code === 'NoSuchBucket') {
    return fail(
      'DEPS_NO_BUCKET',
      found,
      'create the bucket and run "layer-builder publish", or deploy a lock that names the right one',
    );
  }
  // 405 answers for a version that is a delete marker
  if (status === 404 || (status === 405 && code === 'MethodNotAllowed')) {
    return fail(
      'DEPS_NOT_FOUND',
      found,
      'run "layer-builder publish" for this lock; was the object deleted under a rollback?',
    );
  }
  if (status === 429 || status === 503 || code === 'SlowDown') {
    if (!more)
      return fail('DEPS_THROTTLED', found, 'try again later; spread cold starts, or attach the layer');
    const cut =
      refusal.retryAfterMs === undefined ? undefined : Math.min(refusal.retryAfterMs, limits.retryAfterCapMs);
    return { do: 'retry', reason: found, restart: false, afterMs: cut };
  }
  if (status >= 500 || code === 'RequestTimeout') {
    if (more) return { do: 'retry', reason: found, restart: false, afterMs: undefined };
    return fail('DEPS_RESPONSE', found, 'S3 has trouble: try again later, or attach the layer');
  }
  if (status === 401 || status === 403) return denied(refusal, found);
  return fail('DEPS_RESPONSE', found, 'check that the endpoint speaks S3');
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const credentialCodes = new Set([
  'ExpiredToken',
  'TokenRefreshRequired',
  'InvalidToken',
  'InvalidAccessKeyId',
]);

function isElsewhere({ status, code, region }: Refusal): boolean {
  if (status >= 300 && status < 400 && status !== 304) return true;
  return (
    status === 400 &&
    region !== undefined &&
    /^(AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraintException)$/.test(code)
  );
}

function denied({ message }: Refusal, found: string): Verdict {
  if (/\bkms\b/i.test(message)) {
    return fail(
      'DEPS_ACCESS_DENIED',
      found,
      "allow kms:Decrypt on the bucket's key to the execution role (role-action kms:Decrypt)",
    );
  }
  return fail(
    'DEPS_ACCESS_DENIED',
    found,
    'allow s3:GetObject on this key to the execution role; or the object does not exist: without s3:ListBucket S3 does not tell',
  );
}

function fail(code: HandlerErrorCode, found: string, hint: string): Verdict {
  return { do: 'fail', code, found, hint };
}
