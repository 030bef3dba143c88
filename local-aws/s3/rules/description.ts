/** What the headers of an upload say about the object, and the headers that say it back. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from '../errors.ts';
import type { Description, ObjectHeaders } from '../store/model.ts';
import { parseTagHeader } from './tags.ts';

/** Kept as sent and returned with the object. */
const keptHeaders = [
  'cache-control',
  'content-disposition',
  'content-language',
  'expires',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-website-redirect-location',
] as const;

/** Two KB, in bytes of names and values together. */
const largestMetadata = 2048;
const metadataPrefix = 'x-amz-meta-';
const storageClasses: ReadonlySet<string> = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
]);

/**
 * Reads everything a PUT, copy or CreateMultipartUpload says about the object beside its bytes.
 * Throws `S3Error`: `MetadataTooLarge`, `InvalidTag`, `InvalidStorageClass`, `AccessControlListNotSupported`,
 * `InvalidRequest` (object lock on a bucket without it), `NotImplemented` (customer keys, archive classes).
 */
export function readDescription(headers: IncomingHttpHeaders): Description {
  verifySupported(headers);
  const storageClass = text(headers, 'x-amz-storage-class') ?? 'STANDARD';
  if (!storageClasses.has(storageClass))
    throw new S3Error(
      'InvalidStorageClass',
      `The storage class "${storageClass}" is not one this server keeps.`,
    );
  return {
    headers: readHeaders(headers),
    metadata: readMetadata(headers),
    tags: parseTagHeader(text(headers, 'x-amz-tagging')),
    storageClass,
  };
}

function readHeaders(headers: IncomingHttpHeaders): ObjectHeaders {
  const kept: Record<string, string> = {
    'content-type': text(headers, 'content-type') ?? 'binary/octet-stream',
    'x-amz-server-side-encryption': 'AES256',
  };
  // aws-chunked is the framing of this one transfer, not an encoding of the object.
  const encoding = text(headers, 'content-encoding')
    ?.split(',')
    .map(coding => coding.trim())
    .filter(coding => coding !== '' && coding !== 'aws-chunked')
    .join(',');
  if (encoding) kept['content-encoding'] = encoding;
  for (const name of keptHeaders) {
    const value = text(headers, name);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function readMetadata(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const entries = Object.entries(headers)
    .filter(([name]) => name.startsWith(metadataPrefix))
    .map(([name, value]) => [name.slice(metadataPrefix.length), String(value)] as const);
  const size = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > largestMetadata)
    throw new S3Error('MetadataTooLarge', undefined, {
      elements: { Size: String(size), MaxSizeAllowed: String(largestMetadata) },
    });
  return Object.fromEntries(entries);
}

function verifySupported(headers: IncomingHttpHeaders): void {
  const acl = text(headers, 'x-amz-acl');
  const hasGrants = Object.keys(headers).some(name => name.startsWith('x-amz-grant-'));
  if (hasGrants || (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control'))
    throw new S3Error('AccessControlListNotSupported');
  if (Object.keys(headers).some(name => name.startsWith('x-amz-object-lock-')))
    throw new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  if (headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined)
    throw new S3Error('NotImplemented', 'Encryption with customer-provided keys (SSE-C) is not implemented.');
  const encryption = text(headers, 'x-amz-server-side-encryption');
  if (encryption !== undefined && !['AES256', 'aws:kms', 'aws:kms:dsse'].includes(encryption))
    throw new S3Error('InvalidArgument', 'The encryption method specified is not supported');
}

function text(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
