/** What is known of a release before anything is made, and which buckets hold it already. */
import type { Lock } from '../../artifact/lock.ts';
import type { Region } from '../aws/regions.ts';
import { expectedLock } from '../plan/publish.ts';
import type { ListedReleases } from '../read/published.ts';
import { readKnown } from '../read/published.ts';
import type { CodeSource } from './code.ts';
import { codeOf } from './code.ts';
import { prefixOf, releaseId } from './release.ts';
import type { KnownRelease, PublishGoal, RegionFacts, Target } from './types.ts';

/** undefined while layers have to be made: their ARNs are in lock, code and id. */
export async function knownRelease(
  goal: PublishGoal,
  facts: readonly RegionFacts[],
  regions: readonly Region[],
  source: CodeSource | undefined,
  listed?: ListedReleases,
): Promise<KnownRelease | undefined> {
  const lock = expectedLock(goal, facts);
  if (lock === undefined) return undefined;
  const zip = await source?.pack(lock);
  const id = releaseId(lock, goal.share, zip && codeOf(zip));
  return await readKnown(regions, prefixOf(lock), { id, zip }, listed);
}

/**
 * The id of this project's release as its lock remembers it, if it was shared with nobody: a record of that name says so
 * without being read, as the id is over what is in it. undefined when the lock does not know all of its places.
 */
export async function rememberedId(
  { lock, targets }: Pick<PublishGoal, 'lock' | 'targets'>,
  source: CodeSource | undefined,
): Promise<string | undefined> {
  const remembered = rememberedLock(lock, targets);
  if (remembered === undefined) return undefined;
  const zip = await source?.pack(remembered);
  return releaseId(remembered, [], zip && codeOf(zip));
}

function rememberedLock(lock: Lock, targets: readonly Target[]): Lock | undefined {
  const artifacts = lock.artifacts.map(artifact => {
    const places = targets.flatMap(({ region, bucket }) => {
      const place = artifact.published[region];
      return place?.bucket === bucket ? [[region, place] as const] : [];
    });
    return { ...artifact, published: Object.fromEntries(places) };
  });
  const isWhole = artifacts.every(({ published }) => Object.keys(published).length === targets.length);
  return isWhole ? { ...lock, artifacts } : undefined;
}
