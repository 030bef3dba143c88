/** Whom the layers were shared with before: a new version is shared alike, unless the publisher says otherwise. */
import { isCodedError } from '../../artifact/error.ts';
import { openInventory } from '../aws/inventory.ts';
import type { Region } from '../aws/regions.ts';
import type { Share } from '../aws/sharing.ts';
import { readRecords } from '../read/bucket.ts';
import { regionsPerBucket } from './buckets.ts';
import { entryOf, readChannel, releaseOf } from './channel.ts';
import { prefixOf, releaseKey } from './release.ts';
import type { PublishGoal } from './types.ts';

/** Newest records of the service that are looked at: of both architectures, and damaged ones. */
const mostRecords = 8;

/**
 * The sharing of the release that the channel points to, else of the newest one of the service and architecture. From
 * records, not from layer versions: a publish that was killed between a version and its permissions has left a version
 * that says nothing.
 */
export async function carriedShares(
  goal: Pick<PublishGoal, 'lock' | 'channel'>,
  regions: readonly Region[],
): Promise<readonly Share[]> {
  for (const [region] of regionsPerBucket(regions)) {
    if (region === undefined) continue;
    try {
      return await readShares(goal, region);
    } catch (error) {
      // The region says so itself when it is read for the plan; another one may know.
      if (!isCodedError(error)) throw error;
    }
  }
  return [];
}

async function readShares(
  { lock, channel }: Pick<PublishGoal, 'lock' | 'channel'>,
  { bucket, objects, clients, call }: Region,
): Promise<readonly Share[]> {
  const [prefix, entry] = [prefixOf(lock), entryOf(lock)];
  const pointed =
    channel === null ? undefined : releaseOf((await readChannel(objects, prefix, channel)).channel, entry);
  const { objects: list } = await openInventory(clients, call);
  const folder = releaseKey(prefix, `${lock.service}-`).slice(0, -'.json'.length);
  const keys =
    pointed === undefined
      ? [...(await list(bucket, folder)).items]
          .sort((a, b) => b.modifiedAt - a.modifiedAt)
          .slice(0, mostRecords)
          .map(({ key }) => key)
      : [releaseKey(prefix, pointed)];
  const { releases } = await readRecords(objects, bucket, keys);
  return releases.find(release => entryOf(release.lock) === entry)?.share ?? [];
}
