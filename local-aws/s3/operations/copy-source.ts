/** The source of CopyObject and UploadPartCopy: found, allowed, and held against its conditions. */
import { decodePercent } from '../../http/target.ts';
import { S3Error } from '../errors.ts';
import { checkCopySource } from '../rules/conditions.ts';
import type { Bucket } from '../store/bucket.ts';
import type { StoredObject } from '../store/model.ts';
import { chooseObject } from '../store/versions.ts';
import { type Call, headerText } from './call.ts';
import { versionHeaders } from './read-object.ts';

export interface CopySource {
  readonly bucket: Bucket;
  readonly key: string;
  readonly object: StoredObject;
  /** The file of its bytes. */ readonly file: string;
  /** False when an older version was named. */ readonly isCurrent: boolean;
  /** What the answer says about the source. */ readonly headers: Readonly<Record<string, string>>;
}

/**
 * Finds the source and runs `use` on its file, again from the start when the source was replaced in between.
 * Throws as `readCopySource`.
 */
export async function withCopySource<T>(call: Call, use: (source: CopySource) => Promise<T>): Promise<T> {
  for (;;) {
    const source = await readCopySource(call);
    try {
      return await use(source);
    } catch (error) {
      const isCurrent = source.bucket.versionsOf(source.key).includes(source.object);
      if (isCurrent || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/**
 * Reads `x-amz-copy-source` and its conditions. Throws `InvalidArgument`, `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`,
 * `AccessDenied`, `PreconditionFailed`, `NotImplemented` (access points).
 */
async function readCopySource(call: Call): Promise<CopySource> {
  const { headers, store } = call;
  const header = headerText(headers, 'x-amz-copy-source') ?? '';
  if (header.startsWith('arn:'))
    throw new S3Error('NotImplemented', 'Copying from an access point is not implemented.');
  const [path = '', versionId] = header.split('?versionId=');
  const [, bucketName, key] = /^\/?([^/]+)\/(.+)$/s.exec(decodePercent(path)) ?? [];
  if (bucketName === undefined || key === undefined)
    throw new S3Error(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  const bucket = await store.bucket(bucketName);
  if (call.isDenied(versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', bucket, key))
    throw new S3Error('AccessDenied');
  const versions = bucket.versionsOf(key);
  const object = chooseObject(versions, key, versionId);
  checkCopySource(
    {
      ifMatch: headerText(headers, 'x-amz-copy-source-if-match'),
      ifNoneMatch: headerText(headers, 'x-amz-copy-source-if-none-match'),
      ifModifiedSince: headerText(headers, 'x-amz-copy-source-if-modified-since'),
      ifUnmodifiedSince: headerText(headers, 'x-amz-copy-source-if-unmodified-since'),
    },
    object,
  );
  const { 'x-amz-version-id': id } = versionHeaders(bucket, object);
  return {
    bucket,
    key,
    object,
    file: bucket.pathOf(object.blob),
    isCurrent: versions[0] === object,
    headers: id === undefined ? {} : { 'x-amz-copy-source-version-id': id },
  };
}
