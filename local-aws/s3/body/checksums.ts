/** The checksum algorithms of S3: how each is computed, named in a header, and named in XML. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32c, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import { Xxh3_64, Xxh3_128, Xxh64 } from '@aws-sdk/checksums/xxh';
import { S3Error } from '../errors.ts';

export type ChecksumAlgorithm = keyof typeof algorithms;

/** A whole-object value, or a value over the values of the parts (`-N` behind it tells how many). */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64, followed by `-N` when composite. */
  readonly value: string;
}

/** A running digest. */
export interface Hasher {
  update(chunk: Uint8Array): void;
  digest(): Promise<Uint8Array>;
}

interface Algorithm {
  /** Length of the value in bytes. */ readonly bytes: number;
  /** What a multipart upload may ask for; the first is the default. */ readonly types: readonly ChecksumType[];
  readonly create: () => Hasher;
}

const composite: readonly ChecksumType[] = ['COMPOSITE'];
const either: readonly ChecksumType[] = ['COMPOSITE', 'FULL_OBJECT'];

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html */
const algorithms = {
  crc32: { bytes: 4, types: either, create: createCrc32 },
  crc32c: { bytes: 4, types: either, create: () => new Crc32c() },
  crc64nvme: { bytes: 8, types: ['FULL_OBJECT'], create: () => new Crc64NvmeJs() },
  sha1: { bytes: 20, types: composite, create: () => nodeHasher('sha1') },
  sha256: { bytes: 32, types: composite, create: () => nodeHasher('sha256') },
  sha512: { bytes: 64, types: composite, create: () => nodeHasher('sha512') },
  md5: { bytes: 16, types: composite, create: () => nodeHasher('md5') },
  xxhash3: { bytes: 8, types: composite, create: () => new Xxh3_64() },
  xxhash64: { bytes: 8, types: composite, create: () => new Xxh64() },
  xxhash128: { bytes: 16, types: composite, create: () => new Xxh3_128() },
} as const satisfies Readonly<Record<string, Algorithm>>;

/** What S3 computes for an object whose client sent no checksum. */
export const defaultAlgorithm: ChecksumAlgorithm = 'crc64nvme';

export const checksumAlgorithms = Object.keys(algorithms) as readonly ChecksumAlgorithm[];

export function createHasher(algorithm: ChecksumAlgorithm): Hasher {
  return algorithms[algorithm].create();
}

/** The checksum types a multipart upload may have with this algorithm, the default first. */
export function typesOf(algorithm: ChecksumAlgorithm): readonly ChecksumType[] {
  return algorithms[algorithm].types;
}

/** `x-amz-checksum-crc32` */
export function headerOf(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm}`;
}

/** `ChecksumCRC32` */
export function elementOf(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm.toUpperCase()}`;
}

/** Reads `CRC32`, `SHA256` … in any case. Throws `InvalidRequest` for a name S3 does not know. */
export function parseAlgorithm(name: string): ChecksumAlgorithm {
  const found = checksumAlgorithms.find(algorithm => algorithm === name.toLowerCase());
  if (found === undefined)
    throw new S3Error(
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: ' +
        `[${checksumAlgorithms.map(algorithm => algorithm.toUpperCase()).join(', ')}]`,
    );
  return found;
}

/** True when `value` is base64 of as many bytes as the algorithm yields. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === algorithms[algorithm].bytes && bytes.toString('base64') === value;
}

/** Digests `parts` as S3 does for a composite checksum: a checksum of the parts' checksums. */
export async function combineChecksums(
  algorithm: ChecksumAlgorithm,
  parts: readonly string[],
): Promise<Checksum> {
  const hasher = createHasher(algorithm);
  for (const part of parts) hasher.update(Buffer.from(part, 'base64'));
  return { algorithm, type: 'COMPOSITE', value: `${encode(await hasher.digest())}-${parts.length}` };
}

/** Base64 of a finished digest. */
export function encode(digest: Uint8Array): string {
  return Buffer.from(digest).toString('base64');
}

function createCrc32(): Hasher {
  let value = 0;
  return {
    update: chunk => {
      value = crc32(chunk, value);
    },
    digest: async () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}

function nodeHasher(name: string): Hasher {
  const hash = createHash(name);
  return { update: chunk => void hash.update(chunk), digest: async () => hash.digest() };
}
