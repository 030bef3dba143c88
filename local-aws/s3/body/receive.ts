/** Receives a request body in bounded memory, and lets nothing through that breaks a promise of the headers. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { VerifiedRequest } from '../../http/signature.ts';
import { S3Error } from '../errors.ts';
import { decodeChunked, type Trailer } from './aws-chunked.ts';
import { type Checksum, type ChecksumAlgorithm, createHasher, encode, headerOf } from './checksums.ts';
import { createChunkSignatures } from './chunk-signatures.ts';
import { type BodyPlan, planBody, verifyChecksumValue } from './plan.ts';

export interface ReceivedBody {
  /** Bytes. */ readonly size: number;
  /** MD5 in hex: the entity tag of a single upload. */ readonly md5: string;
  /** The checksum that was sent and verified, or else one of the fallback algorithm. */
  readonly checksum: Checksum;
}

export interface SignedBody {
  readonly request: IncomingMessage;
  /** Those of the request, and those a presigned URL carries in its query. */
  readonly headers: IncomingHttpHeaders;
  readonly verified: VerifiedRequest;
}

/**
 * Hands the body to `write` piece by piece, waiting for each, and verifies length and digests at the end: what was
 * written counts only when this returns. The request is left open on failure, so that an answer can still be sent.
 * Throws `S3Error`: those of `planBody` and `decodeChunked`, `IncompleteBody`, `BadDigest`,
 * `XAmzContentSHA256Mismatch`; the socket's own error when the client goes away.
 */
export async function receiveBody(
  body: SignedBody,
  fallback: ChecksumAlgorithm,
  write: (data: Buffer) => Promise<void> | void,
): Promise<ReceivedBody> {
  const plan = planBody(body.headers, body.verified.payloadHash);
  const algorithm = plan.checksum?.algorithm ?? fallback;
  const hasher = createHasher(algorithm);
  const md5 = createHash('md5');
  const sha256 = plan.sha256 === undefined ? undefined : createHash('sha256');
  let size = 0;
  const trailer = await decode(body, plan, async data => {
    size += data.length;
    if (size > plan.length) throw new S3Error('IncompleteBody');
    md5.update(data);
    sha256?.update(data);
    hasher.update(data);
    await write(data);
  });
  if (size !== plan.length) throw new S3Error('IncompleteBody');
  const found = md5.digest();
  if (plan.md5 !== undefined && plan.md5 !== found.toString('base64'))
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  verifySha256(plan, sha256?.digest('hex'));
  const value = encode(await hasher.digest());
  verifyChecksum(plan, trailer, value);
  return {
    size,
    md5: found.toString('hex'),
    checksum: { algorithm, type: 'FULL_OBJECT', value },
  };
}

/** Receives a small body as UTF-8 text. Throws as `receiveBody`, and `MaxMessageLengthExceeded`, `MalformedXML`. */
export async function receiveText(body: SignedBody, limit: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  // A request that says nothing of a body has none (RFC 9112, 6.3); only uploads must tell their length.
  const framing = body.headers['transfer-encoding'] === undefined ? { 'content-length': '0' } : {};
  const headers = { ...framing, ...body.headers };
  await receiveBody({ ...body, headers }, 'crc32', data => {
    size += data.length;
    if (size > limit) throw new S3Error('MaxMessageLengthExceeded');
    pieces.push(data);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch (cause) {
    throw new S3Error('MalformedXML', 'The body is not UTF-8.', { cause });
  }
}

async function decode(
  { request, verified }: SignedBody,
  plan: BodyPlan,
  write: (data: Buffer) => Promise<void>,
): Promise<Trailer> {
  // Leaving the loop early must not destroy the socket: the error is still to be answered.
  const source = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  if (plan.framing === 'plain') {
    for await (const data of source) await write(data);
    return new Map();
  }
  const signatures = plan.framing === 'signed-chunked' ? createChunkSignatures(verified) : undefined;
  try {
    const options = { signatures, hasTrailer: verified.payloadHash.endsWith('-TRAILER') };
    return await decodeChunked(source, options, write);
  } finally {
    // Lets go of the request, so that what is left of it can be dropped.
    await source.return?.();
  }
}

function verifySha256(plan: BodyPlan, found: string | undefined): void {
  if (plan.sha256 === undefined || plan.sha256 === found) return;
  throw new S3Error('XAmzContentSHA256Mismatch', undefined, {
    elements: { ClientComputedContentSHA256: plan.sha256, S3ComputedContentSHA256: found ?? '' },
  });
}

function verifyChecksum(plan: BodyPlan, trailer: Trailer, found: string): void {
  if (plan.checksum === undefined) return;
  const { algorithm } = plan.checksum;
  const expected = plan.checksum.value ?? trailer.get(headerOf(algorithm));
  if (expected === undefined) throw new S3Error('MalformedTrailerError');
  verifyChecksumValue(algorithm, expected);
  if (expected !== found)
    throw new S3Error(
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
}
