/** Reads stored files one after the other in bounded memory, digesting what is read. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ByteRange } from '../rules/range.ts';
import { type Checksum, type ChecksumAlgorithm, createHasher, encode } from './checksums.ts';

export interface CopyOptions {
  /** Of a single file; `undefined`: all of it. */ readonly range: ByteRange | undefined;
  readonly algorithm: ChecksumAlgorithm;
}

export interface CopiedBytes {
  readonly size: number;
  /** MD5 in hex. */ readonly etag: string;
  readonly checksum: Checksum;
}

/** Hands the bytes of `files`, in order, to `write`, and tells their size and digests. */
export async function copyFiles(
  files: readonly string[],
  { range, algorithm }: CopyOptions,
  write: (data: Buffer) => Promise<void>,
): Promise<CopiedBytes> {
  const md5 = createHash('md5');
  const hasher = createHasher(algorithm);
  let size = 0;
  for (const file of files) {
    const handle = await open(file, 'r');
    try {
      const stream = handle.createReadStream({ ...range, autoClose: false, highWaterMark: 256 * 1024 });
      for await (const data of stream as AsyncIterable<Buffer>) {
        size += data.length;
        md5.update(data);
        hasher.update(data);
        await write(data);
      }
    } finally {
      await handle.close();
    }
  }
  const value = encode(await hasher.digest());
  return { size, etag: md5.digest('hex'), checksum: { algorithm, type: 'FULL_OBJECT', value } };
}
