/** Conditional requests: pure rules over the four If- headers and the current version. RFC 9110, 13.2.2. */
import { S3Error } from '../errors.ts';

export interface ReadConditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
}

export interface WriteConditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

export interface Validators {
  /** Without quotes. */ readonly etag: string;
  /** Milliseconds since the epoch. */ readonly lastModified: number;
}

/**
 * Decides a GET or HEAD. Throws `PreconditionFailed` (412) or `NotModified` (304); returns when the body may be sent.
 * The entity tag outranks the date in both directions, as S3 documents for GetObject.
 */
export function checkRead(conditions: ReadConditions, current: Validators): void {
  const { ifMatch, ifNoneMatch } = conditions;
  const modified = Math.floor(current.lastModified / 1000);
  const since = secondsOf(conditions.ifModifiedSince);
  const unmodifiedSince = secondsOf(conditions.ifUnmodifiedSince);
  if (ifMatch !== undefined) {
    if (!matchesTag(ifMatch, current.etag)) throw preconditionFailed('If-Match');
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) {
    if (matchesTag(ifNoneMatch, current.etag)) throw notModified(current);
  } else if (since !== undefined && modified <= since) {
    throw notModified(current);
  }
}

/** Decides the source of a copy: as a read, but S3 answers 412 where a read would be 304. */
export function checkCopySource(conditions: ReadConditions, current: Validators): void {
  try {
    checkRead(conditions, current);
  } catch (error) {
    if (error instanceof S3Error && error.code === 'NotModified')
      throw preconditionFailed('x-amz-copy-source-If-*');
    throw error;
  }
}

/**
 * Decides a write over `current` (`undefined`: no such object). Throws `PreconditionFailed`, `NoSuchKey` for
 * `If-Match` on nothing, `NotImplemented` for forms that S3 does not take either.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function checkWrite(conditions: WriteConditions, current: Validators | undefined): void {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*' || ifMatch !== undefined)
      throw new S3Error(
        'NotImplemented',
        'A header you provided implies functionality that is not implemented.',
        {
          elements: { Header: 'If-None-Match' },
        },
      );
    if (current !== undefined) throw preconditionFailed('If-None-Match');
  }
  if (ifMatch !== undefined) {
    if (current === undefined) throw new S3Error('NoSuchKey');
    if (!matchesTag(ifMatch, current.etag)) throw preconditionFailed('If-Match');
  }
}

function matchesTag(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  return header.split(',').some(tag => tag.trim().replace(/^W\//, '').replace(/^"|"$/g, '') === etag);
}

/** An unreadable date is no condition (RFC 9110, 13.1.3). */
function secondsOf(date: string | undefined): number | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { elements: { Condition: condition } });
}

function notModified(current: Validators): S3Error {
  return new S3Error('NotModified', undefined, {
    headers: { etag: `"${current.etag}"`, 'last-modified': new Date(current.lastModified).toUTCString() },
  });
}
