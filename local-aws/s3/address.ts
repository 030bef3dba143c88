/** Which bucket and key a request means: path style, or virtual-hosted style on a *.localhost name. */
import { decodePercent, type RequestTarget } from '../http/target.ts';
import { S3Error } from './errors.ts';

export interface Address {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
}

/** Host suffixes whose first labels may name a bucket. Anything else, such as 127.0.0.1, is path style. */
const suffixes = ['.localhost', '.localhost.localstack.cloud', '.amazonaws.com'];
/** Longest object key, in bytes of UTF-8. */
const longestKey = 1024;

/**
 * Reads bucket and key from the Host header and the raw path. The key is taken as sent: `..` and `//` mean nothing.
 * Throws `S3Error`: `KeyTooLongError`; `TargetError` when the path does not decode.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function readAddress(host: string, target: RequestTarget): Address {
  const hosted = bucketOfHost(host);
  const path = target.path.slice(1);
  const slash = path.indexOf('/');
  const bucket = hosted ?? decodePercent(slash === -1 ? path : path.slice(0, slash));
  const key = decodePercent(hosted !== undefined ? path : slash === -1 ? '' : path.slice(slash + 1));
  if (Buffer.byteLength(key) > longestKey)
    throw new S3Error('KeyTooLongError', undefined, {
      elements: { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: String(longestKey) },
    });
  return { bucket: bucket === '' ? undefined : bucket, key: key === '' ? undefined : key };
}

/** The bucket a Host header names: `b.localhost`, `b.s3.localhost`, `b.s3.eu-west-1.localhost`; else `undefined`. */
export function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const suffix = suffixes.find(candidate => name.endsWith(candidate));
  if (suffix === undefined) return undefined;
  const labels = name.slice(0, -suffix.length);
  if (/^s3(?:[.-][a-z0-9-]+)?$/.test(labels)) return undefined;
  return /^(.+?)\.s3(?:[.-][a-z0-9-]+)?$/.exec(labels)?.[1] ?? labels;
}

/**
 * Throws `InvalidBucketName` unless the name is one S3 accepts; such a name is also a safe folder name.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function verifyBucketName(name: string): void {
  const valid =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(?:xn--|sthree-)/.test(name) &&
    !/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name);
  if (!valid) throw new S3Error('InvalidBucketName', undefined, { elements: { BucketName: name } });
}
