/** An object that is written once, under its own digest. */
import { codeSha256Of } from '../aws/layers.ts';
import type { Region } from '../aws/regions.ts';
import { fail } from '../errors.ts';
import type { ObjectContent } from '../read/published.ts';
import { readObject } from '../read/published.ts';

/**
 * Writes the bytes unless something is there: another publisher was faster, or an answer was lost. Then the same bytes
 * are as good as ours. Throws `PUBLISH_IMMUTABLE_COLLISION` when others are there.
 */
export async function storeOnce(
  { bucket, objects }: Pick<Region, 'bucket' | 'objects'>,
  content: ObjectContent,
  bytes: Buffer,
): Promise<{ readonly written: boolean; readonly versionId?: string | undefined }> {
  const { key } = content.s3;
  const put = await objects.put(key, bytes, codeSha256Of(content.digest), { absent: true });
  if (put.written) return put;
  const found = await readObject(objects, bucket, content);
  if (found !== undefined) return { written: false, versionId: found.versionId };
  return fail(
    'PUBLISH_FAILED',
    `s3://${bucket}/${key} was there and is gone again (expected one publisher, found a deletion)`,
    { hint: 'stop whatever deletes in this bucket (a lifecycle rule, gc elsewhere) and publish again' },
  );
}
