/** Which release a function runs: the one whose function package is the very code of its version. */
import { isCodedError } from '../../artifact/error.ts';
import { lockFileName } from '../../artifact/lock.ts';
import { openInventory } from '../aws/inventory.ts';
import { codeSha256Of } from '../aws/layers.ts';
import { isRecord, readRecords } from './bucket.ts';
import { readLock } from './built.ts';
import { withBucket } from './releases.ts';

/** Newest records that are looked at: a function that runs an older one has been forgotten by everybody. */
const mostRecords = 50;

export interface RunningRelease {
  readonly release: string | null;
  /** Why the release is not known: what is deployed is told all the same. */
  readonly unknown?: { readonly code: string; readonly message: string };
}

/**
 * The release with this code, or why it is not known: none of the newest has it, no bucket is known, or the bucket
 * cannot be read.
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
): Promise<RunningRelease> {
  try {
    const target = { bucket: lockedBucket(project, where.region), regions: [where.region] };
    return await withBucket(project, target, where.env, where.signal, async opened => {
      const { bucket, objects, region, prefix } = opened;
      const inventory = await openInventory(region.clients, region.call);
      const { items } = await inventory.objects(bucket, `${prefix}releases/`);
      const newest = items
        .filter(isRecord)
        .sort((a, b) => b.modifiedAt - a.modifiedAt)
        .slice(0, mostRecords);
      const keys = newest.map(({ key }) => key);
      const { releases } = await readRecords(objects, bucket, keys);
      const found = releases.find(({ code }) => code && codeSha256Of(code.digest) === codeSha256);
      if (found !== undefined) return { release: found.id };
      const message = `none of the newest ${releases.length} releases in s3://${bucket} has this code`;
      return { release: null, unknown: { code: 'RELEASE_NOT_FOUND', message } };
    });
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { release: null, unknown: { code: error.code, message: error.message } };
  }
}

/** Where the lock says that its artifacts are; without one the configuration says where. */
function lockedBucket(project: string, region: string): string | undefined {
  return readLock(project, lockFileName).artifacts[0]?.published[region]?.bucket;
}
