/** What the headers promise about a body: its framing, its length, and every digest it must match. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from '../errors.ts';
import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  headerOf,
  isChecksumValue,
  parseAlgorithm,
} from './checksums.ts';

export interface BodyPlan {
  readonly framing: 'plain' | 'chunked' | 'signed-chunked';
  /** Length of the data in bytes, framing removed. */ readonly length: number;
  /** Hex; absent when the payload is unsigned or signed chunk by chunk. */ readonly sha256:
    | string
    | undefined;
  /** Base64 of Content-MD5. */ readonly md5: string | undefined;
  /** The checksum sent in a header, with its value, or announced for the trailer, without. */
  readonly checksum:
    | { readonly algorithm: ChecksumAlgorithm; readonly value: string | undefined }
    | undefined;
}

/** 5 GiB, in bytes: the largest body of one PutObject or UploadPart. */
export const largestBody = 5 * 1024 ** 3;

/**
 * Reads the plan from the headers and the payload hash that was signed.
 * Throws `S3Error`: `MissingContentLength`, `NotImplemented` (chunked transfer without aws-chunked, SigV4A),
 * `EntityTooLarge`, `InvalidDigest`, `InvalidRequest`, `InvalidArgument`.
 */
export function planBody(headers: IncomingHttpHeaders, payloadHash: string): BodyPlan {
  const framing = framingOf(payloadHash);
  const length = lengthOf(headers, framing);
  if (length > largestBody)
    throw new S3Error('EntityTooLarge', undefined, {
      elements: { ProposedSize: String(length), MaxSizeAllowed: String(largestBody) },
    });
  return {
    framing,
    length,
    sha256: /^[0-9a-f]{64}$/.test(payloadHash) ? payloadHash : undefined,
    md5: md5Of(headers),
    checksum: checksumOf(headers, payloadHash),
  };
}

function framingOf(payloadHash: string): BodyPlan['framing'] {
  switch (payloadHash) {
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return 'chunked';
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return 'signed-chunked';
    case 'UNSIGNED-PAYLOAD':
      return 'plain';
    default:
      if (/^[0-9a-f]{64}$/.test(payloadHash)) return 'plain';
      if (payloadHash.startsWith('STREAMING-'))
        throw new S3Error('NotImplemented', `x-amz-content-sha256 of ${payloadHash} is not implemented.`);
      throw new S3Error(
        'InvalidArgument',
        'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a valid sha256 value.',
      );
  }
}

function lengthOf(headers: IncomingHttpHeaders, framing: BodyPlan['framing']): number {
  const name = framing === 'plain' ? 'content-length' : 'x-amz-decoded-content-length';
  const value = headers[name];
  if (value === undefined) {
    if (framing === 'plain' && headers['transfer-encoding'] !== undefined)
      throw new S3Error('NotImplemented', undefined, { elements: { Header: 'Transfer-Encoding' } });
    throw new S3Error('MissingContentLength');
  }
  if (!/^\d{1,15}$/.test(String(value)))
    throw new S3Error('InvalidArgument', `${name} is not a length in bytes.`);
  return Number(value);
}

function md5Of(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['content-md5'];
  if (value === undefined) return undefined;
  if (!isChecksumValue('md5', String(value)))
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  return String(value);
}

function checksumOf(headers: IncomingHttpHeaders, payloadHash: string): BodyPlan['checksum'] {
  const sent = checksumAlgorithms.filter(algorithm => headers[headerOf(algorithm)] !== undefined);
  const announced = payloadHash.endsWith('-TRAILER') ? trailerOf(headers) : undefined;
  const all = announced === undefined ? sent : [...sent, announced];
  const [algorithm] = all;
  if (all.length > 1)
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  const named = headers['x-amz-sdk-checksum-algorithm'];
  if (named !== undefined && parseAlgorithm(String(named)) !== algorithm)
    throw new S3Error(
      'InvalidRequest',
      algorithm === undefined
        ? 'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.'
        : 'Value for x-amz-sdk-checksum-algorithm header is invalid.',
    );
  if (algorithm === undefined) return undefined;
  if (algorithm === announced) return { algorithm, value: undefined };
  const value = String(headers[headerOf(algorithm)]);
  verifyChecksumValue(algorithm, value);
  return { algorithm, value };
}

/** Throws `InvalidRequest` unless `value` can be a checksum of this algorithm. */
export function verifyChecksumValue(algorithm: ChecksumAlgorithm, value: string): void {
  if (!isChecksumValue(algorithm, value))
    throw new S3Error('InvalidRequest', `Value for ${headerOf(algorithm)} header is invalid.`);
}

function trailerOf(headers: IncomingHttpHeaders): ChecksumAlgorithm {
  const name = String(headers['x-amz-trailer'] ?? '').toLowerCase();
  const found = checksumAlgorithms.find(algorithm => headerOf(algorithm) === name);
  if (found === undefined)
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported');
  return found;
}
