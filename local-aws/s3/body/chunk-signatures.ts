/** The chain of signatures inside a signed aws-chunked body: each chunk signs the one before it. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { formatScope, type VerifiedRequest } from '../../http/signature.ts';
import { S3Error } from '../errors.ts';

export interface ChunkSignatures {
  /** Checks the next chunk by the SHA-256 (hex) of its data. Throws `SignatureDoesNotMatch`. */
  verifyChunk(given: string | undefined, dataHash: string): void;
  /** Checks the trailer by its canonical text, `name:value\n` per line. Throws `SignatureDoesNotMatch`. */
  verifyTrailer(given: string | undefined, trailer: string): void;
}

const emptyHash = createHash('sha256').digest('hex');

/**
 * Starts the chain at the signature of the request's headers.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function createChunkSignatures(request: VerifiedRequest): ChunkSignatures {
  let previous = request.signature;
  const verify = (given: string | undefined, kind: string, hashes: readonly string[]): void => {
    const text = [
      `AWS4-HMAC-SHA256-${kind}`,
      request.timestamp,
      formatScope(request.scope),
      previous,
      ...hashes,
    ];
    const expected = createHmac('sha256', request.signingKey).update(text.join('\n')).digest();
    const found = Buffer.from(given ?? '', 'hex');
    if (found.length !== expected.length || !timingSafeEqual(found, expected))
      throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk does not match its data.');
    previous = expected.toString('hex');
  };
  return {
    verifyChunk: (given, dataHash) => verify(given, 'PAYLOAD', [emptyHash, dataHash]),
    verifyTrailer: (given, trailer) =>
      verify(given, 'TRAILER', [createHash('sha256').update(trailer).digest('hex')]),
  };
}
