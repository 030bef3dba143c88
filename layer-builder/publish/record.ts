/** Release records in a bucket: written once, read back checked. */
import { sha256Hex } from '../../artifact/digest.ts';
import type { ObjectStore } from '../aws/objects.ts';
import { fail } from '../errors.ts';
import type { Release } from './release.ts';
import { formatRelease, parseRelease, releaseKey } from './release.ts';

/** True when the record was written, false when it was there. Its id vouches for its content. */
export async function writeRelease(objects: ObjectStore, prefix: string, release: Release): Promise<boolean> {
  const key = releaseKey(prefix, release.id);
  const bytes = Buffer.from(formatRelease(release));
  return (await objects.put(key, bytes, base64Sha256(bytes), { absent: true })).written;
}

/** Throws `RELEASE_NOT_FOUND`, `RELEASE_INVALID`. */
export async function readRelease(
  objects: ObjectStore,
  prefix: string,
  id: string,
  bucket: string,
): Promise<Release> {
  const key = releaseKey(prefix, id);
  const found = await objects.get(key);
  if (found !== undefined) return parseRelease(found.bytes.toString(), `s3://${bucket}/${key}`);
  return fail('RELEASE_NOT_FOUND', `there is no release ${id} (expected s3://${bucket}/${key}, found none)`, {
    hint: '"layer-builder list" shows the releases of a bucket',
    details: { release: id, bucket, key },
  });
}

/** As S3 takes checksums. */
export function base64Sha256(bytes: Uint8Array): string {
  return Buffer.from(sha256Hex(bytes), 'hex').toString('base64');
}
