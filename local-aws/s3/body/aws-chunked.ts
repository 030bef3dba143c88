/** Removes aws-chunked framing from a body, verifying chunk signatures and collecting the trailer as it goes. */
import { createHash } from 'node:crypto';
import { S3Error } from '../errors.ts';
import type { ChunkSignatures } from './chunk-signatures.ts';

/** Names in lower case. */
export type Trailer = ReadonlyMap<string, string>;

export interface ChunkedOptions {
  /** Present when the chunks are signed. */ readonly signatures: ChunkSignatures | undefined;
  /** Whether a trailer was announced. */ readonly hasTrailer: boolean;
}

/** Longest line of framing, in bytes; a chunk header with its signature takes about a hundred. */
const longestLine = 4096;
/** S3: "Only the last chunk is allowed to have a size less than 8192 bytes". */
const smallestChunk = 8192;
const mostTrailerLines = 8;

/**
 * Decodes `source`, hands each piece of data to `write` in order, and returns the trailer. Memory is bounded by the
 * pieces of the source: data is handed on before its chunk's signature is known, so the caller keeps nothing on failure.
 * Throws `S3Error`: `IncompleteBody`, `InvalidChunkSizeError`, `SignatureDoesNotMatch`, `MalformedTrailerError`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export async function decodeChunked(
  source: AsyncIterator<Buffer>,
  options: ChunkedOptions,
  write: (data: Buffer) => Promise<void> | void,
): Promise<Trailer> {
  const input = createInput(source);
  let small: { readonly chunk: number; readonly size: number } | undefined;
  for (let chunk = 1; ; chunk += 1) {
    const { size, signature } = parseChunkHeader(await input.line());
    if (size > 0 && small !== undefined) throw chunkTooSmall(small.chunk, small.size);
    if (size < smallestChunk) small = { chunk, size };
    const hash = options.signatures === undefined ? undefined : createHash('sha256');
    await input.take(size, async data => {
      hash?.update(data);
      await write(data);
    });
    if (hash !== undefined) options.signatures?.verifyChunk(signature, hash.digest('hex'));
    if (size === 0) break;
    if ((await input.line()) !== '') throw new S3Error('IncompleteBody', 'A chunk is not closed by CRLF.');
  }
  const trailer = await readTrailer(input, options);
  await input.end();
  return trailer;
}

interface Input {
  /** The next line without its CRLF; `''` at the very end. */ line(): Promise<string>;
  take(size: number, use: (data: Buffer) => Promise<void>): Promise<void>;
  /** Reads on to the end of the source, which must hold nothing more. */ end(): Promise<void>;
}

function createInput(source: AsyncIterator<Buffer>): Input {
  let pending: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    for (;;) {
      const { done, value } = await source.next();
      if (done === true) return false;
      if (value.length === 0) continue;
      pending = pending.length === 0 ? value : Buffer.concat([pending, value]);
      return true;
    }
  };
  return {
    line: async () => {
      let end = pending.indexOf('\n');
      while (end === -1) {
        if (pending.length > longestLine)
          throw new S3Error('IncompleteBody', 'The chunked framing is malformed.');
        if (!(await more())) {
          if (pending.length > 0) throw new S3Error('IncompleteBody');
          return '';
        }
        end = pending.indexOf('\n');
      }
      const line = pending.toString('latin1', 0, end).replace(/\r$/, '');
      pending = pending.subarray(end + 1);
      return line;
    },
    take: async (size, use) => {
      for (let left = size; left > 0; ) {
        if (pending.length === 0 && !(await more())) throw new S3Error('IncompleteBody');
        const data = pending.subarray(0, left);
        pending = pending.subarray(data.length);
        left -= data.length;
        await use(data);
      }
    },
    end: async () => {
      if (pending.length > 0 || (await more()))
        throw new S3Error('IncompleteBody', 'Data follows the last chunk.');
    },
  };
}

function parseChunkHeader(line: string): { size: number; signature: string | undefined } {
  const [, size, signature] = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? [];
  if (size === undefined)
    throw new S3Error('IncompleteBody', 'A chunk does not begin with its size in hexadecimal.');
  return { size: Number.parseInt(size, 16), signature };
}

async function readTrailer(input: Input, options: ChunkedOptions): Promise<Trailer> {
  const trailer = new Map<string, string>();
  let signed = '';
  for (let lines = 0; ; lines += 1) {
    const line = await input.line();
    // Some signers put an empty line between the trailer and its signature.
    if (line === '' && (options.signatures === undefined || !options.hasTrailer || lines > 1)) break;
    if (line === '') continue;
    const colon = line.indexOf(':');
    if (colon < 1 || lines === mostTrailerLines) throw new S3Error('MalformedTrailerError');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      options.signatures?.verifyTrailer(value, signed);
      signed = '';
      continue;
    }
    signed += `${name}:${value}\n`;
    trailer.set(name, value);
  }
  if (options.signatures !== undefined && signed !== '')
    throw new S3Error('SignatureDoesNotMatch', 'The trailer is not signed.');
  return trailer;
}

function chunkTooSmall(chunk: number, size: number): S3Error {
  return new S3Error(
    'InvalidChunkSizeError',
    'Only the last chunk is allowed to have a size less than 8192 bytes',
    {
      elements: { Chunk: String(chunk + 1), BadChunkSize: String(size) },
    },
  );
}
