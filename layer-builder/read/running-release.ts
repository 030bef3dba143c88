/** Which release a function runs: the one whose function package is the very code of its version. */
import { isCodedError } from '../../artifact/error.ts';
import { openInventory } from '../aws/inventory.ts';
import { codeSha256Of } from '../aws/layers.ts';
import { isRecord, readRecords } from './bucket.ts';
import { withBucket } from './releases.ts';

/** Newest records that are looked at: a function that runs an older one has been forgotten by everybody. */
const mostRecords = 50;

/**
 * Id of the release with this code; null when none of the newest has it, no bucket is configured, or the bucket cannot
 * be read: what is deployed is told all the same.
 *
 * @param codeSha256 as Lambda reports it, base64
 */
export async function readRunningRelease(
  project: string,
  codeSha256: string,
  where: {
    readonly region: string;
    readonly env: NodeJS.ProcessEnv;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<string | null> {
  try {
    return await withBucket(project, { regions: [where.region] }, where.env, where.signal, async opened => {
      const { bucket, objects, region, prefix } = opened;
      const inventory = await openInventory(region.clients, region.call);
      const { items } = await inventory.objects(bucket, `${prefix}releases/`);
      const newest = items
        .filter(isRecord)
        .sort((a, b) => b.modifiedAt - a.modifiedAt)
        .slice(0, mostRecords);
      const keys = newest.map(({ key }) => key);
      const { releases } = await readRecords(objects, bucket, keys);
      return releases.find(({ code }) => code && codeSha256Of(code.digest) === codeSha256)?.id ?? null;
    });
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return null;
  }
}
