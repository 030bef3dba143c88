/** What is known of a release before anything is made, and which buckets hold it already. */
import type { Region } from '../aws/regions.ts';
import { expectedLock } from '../plan/publish.ts';
import { readKnown } from '../read/published.ts';
import type { CodeSource } from './code.ts';
import { codeOf } from './code.ts';
import { prefixOf, releaseId } from './release.ts';
import type { KnownRelease, PublishGoal, RegionFacts } from './types.ts';

/** undefined while layers have to be made: their ARNs are in lock, code and id. */
export async function knownRelease(
  goal: PublishGoal,
  facts: readonly RegionFacts[],
  regions: readonly Region[],
  source: CodeSource | undefined,
): Promise<KnownRelease | undefined> {
  const lock = expectedLock(goal, facts);
  if (lock === undefined) return undefined;
  const code = source && codeOf(await source.pack(lock));
  return await readKnown(regions, prefixOf(lock), { id: releaseId(lock, goal.share, code), code });
}
