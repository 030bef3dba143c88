/** Whom the layers were shared with before: a new version is shared alike, unless the publisher says otherwise. */
import { isCodedError } from '../../artifact/error.ts';
import type { ListedObject } from '../aws/inventory.ts';
import { allPages, openInventory } from '../aws/inventory.ts';
import type { Region } from '../aws/regions.ts';
import type { Share } from '../aws/sharing.ts';
import { isRecord, readRecords } from '../read/bucket.ts';
import type { ChannelReader, ListedReleases } from '../read/published.ts';
import { regionsPerBucket } from './buckets.ts';
import { entryOf } from './channel.ts';
import { prefixOf, releaseKey } from './release.ts';
import type { PublishGoal } from './types.ts';

/** Newest records of the service that are looked at: of both architectures, and damaged ones. */
const mostRecords = 8;

export interface Carried {
  readonly share: readonly Share[];
  /** What was listed for it: the same list tells which release is there. */
  readonly listed?: ListedReleases;
}

export interface CarrySource {
  readonly pointed: ChannelReader;
  /** Id of a release that is known to be shared with nobody; undefined: none is known. */
  readonly unshared: () => Promise<string | undefined>;
}

/**
 * The sharing of the release that the channel points to, else of the newest one of the service and architecture. From
 * records, not from layer versions: a publish that was killed between a version and its permissions has left a version
 * that says nothing.
 */
export async function carriedShares(
  goal: Pick<PublishGoal, 'lock'>,
  regions: readonly Region[],
  source: CarrySource,
): Promise<Carried> {
  for (const [region] of regionsPerBucket(regions)) {
    if (region === undefined) continue;
    try {
      return await readCarried(goal, region, source);
    } catch (error) {
      // The region says so itself when it is read for the plan; another one may know.
      if (!isCodedError(error)) throw error;
    }
  }
  return { share: [] };
}

async function readCarried(
  { lock }: Pick<PublishGoal, 'lock'>,
  region: Region,
  { pointed, unshared }: CarrySource,
): Promise<Carried> {
  const { bucket, objects } = region;
  const [prefix, entry] = [prefixOf(lock), entryOf(lock)];
  const release = await pointed(region);
  const items = release === null ? await listReleases(region, `${prefix}releases/${lock.service}-`) : [];
  const listed = release === null ? { listed: { bucket, items } } : {};
  const keys = release === null ? newestRecords(items) : [releaseKey(prefix, release)];
  const known = keys.length > 0 ? await unshared() : undefined;
  if (known !== undefined && keys[0] === releaseKey(prefix, known) && isNewest(items))
    return { share: [], ...listed };
  const { releases } = await readRecords(objects, bucket, keys);
  return { share: releases.find(release => entryOf(release.lock) === entry)?.share ?? [], ...listed };
}

async function listReleases({ clients, call, bucket }: Region, start: string): Promise<ListedObject[]> {
  const inventory = await openInventory(clients, call);
  return await allPages(from => inventory.objects(bucket, start, from));
}

function newestRecords(items: readonly ListedObject[]): string[] {
  return recordsOf(items)
    .slice(0, mostRecords)
    .map(({ key }) => key);
}

/** Lists tell seconds: of two records of one second only what is in them says which is newer. */
function isNewest(items: readonly ListedObject[]): boolean {
  const [newest, next] = recordsOf(items);
  return next === undefined || newest?.modifiedAt !== next.modifiedAt;
}

function recordsOf(items: readonly ListedObject[]): ListedObject[] {
  return items.filter(isRecord).sort((a, b) => b.modifiedAt - a.modifiedAt);
}
