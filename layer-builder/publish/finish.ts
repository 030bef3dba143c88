/** The end of a publish: the release record, then the channel, in each bucket whose regions are all complete. */
import { isDeepStrictEqual } from 'node:util';
import type { CodedError } from '../../artifact/error.ts';
import { isCodedError } from '../../artifact/error.ts';
import type { Region } from '../aws/regions.ts';
import { regionsPerBucket } from './buckets.ts';
import { entryOf, moveChannel } from './channel.ts';
import { withPublished } from './lock.ts';
import { writeRelease } from './record.ts';
import type { Release, ReleaseOrigin } from './release.ts';
import { makeRelease, prefixOf } from './release.ts';
import type { BucketOutcome, PublishPlan, RegionOutcome } from './types.ts';

export interface Pointing {
  readonly existing: Release;
  readonly rollback: boolean;
}

export interface Finish {
  /** undefined: no bucket is complete. */
  readonly release: string | undefined;
  readonly regions: readonly RegionOutcome[];
  readonly buckets: readonly BucketOutcome[];
  readonly writes: number;
}

/**
 * The record first: a channel never points to anything absent. A bucket with an incomplete region gets neither,
 * so that its channel stays where everything is there. What fails here makes the bucket's regions incomplete.
 * `pointing` is for a channel that is to point to an existing release: the release stays the one as long as nothing
 * had to be made anew.
 */
export async function finishBuckets(
  plan: PublishPlan,
  regions: readonly Region[],
  outcomes: readonly RegionOutcome[],
  origin: ReleaseOrigin,
  pointing?: Pointing,
): Promise<Finish> {
  const groups = regionsPerBucket(outcomes).filter(group => group.every(outcome => outcome.complete));
  const existing = pointing?.existing;
  const release = fits(existing, groups.flat())
    ? existing
    : makeRelease(plan.goal.lock, plan.goal.share, groups.flat(), origin);
  if (release === undefined) return { release: undefined, regions: outcomes, buckets: [], writes: 0 };
  const failures = new Map<string, CodedError>();
  const buckets: BucketOutcome[] = [];
  await Promise.all(
    groups.map(async ([first]) => {
      const region = regions.find(({ bucket }) => bucket === first?.bucket);
      if (region === undefined) return;
      try {
        buckets.push(
          await finishBucket(plan, region, release, {
            origin,
            rollback: pointing?.rollback ? pointing.existing.id : undefined,
          }),
        );
      } catch (error) {
        if (!isCodedError(error)) throw error;
        failures.set(region.bucket, error);
      }
    }),
  );
  return {
    release: buckets.length > 0 ? release.id : undefined,
    regions: outcomes.map(({ region, bucket, ...outcome }): RegionOutcome => {
      const error = failures.get(bucket);
      return error === undefined
        ? { region, bucket, ...outcome }
        : { region, bucket, complete: false, error };
    }),
    buckets,
    writes: buckets.reduce(
      (sum, { release, channel }) => sum + Number(release === 'recorded') + Number(channel === 'moved'),
      0,
    ),
  };
}

function fits(release: Release | undefined, outcomes: readonly RegionOutcome[]): release is Release {
  if (release === undefined || outcomes.length === 0) return false;
  return isDeepStrictEqual(withPublished(release.lock, outcomes), release.lock);
}

/** The plan has seen this very record: it is immutable, so asking again would only cost a request. */
function isKept(plan: PublishPlan, bucket: string, { id }: Release): boolean {
  return plan.regions
    .flatMap(({ steps }) => steps)
    .some(step => step.bucket === bucket && step.do === 'keep-release' && step.release === id);
}

async function finishBucket(
  plan: PublishPlan,
  region: Region,
  release: Release,
  move: { readonly origin: ReleaseOrigin; readonly rollback: string | undefined },
): Promise<BucketOutcome> {
  const { bucket, objects } = region;
  const prefix = prefixOf(release.lock);
  const recorded = isKept(plan, bucket, release) ? false : await writeRelease(objects, prefix, release);
  const outcome = { bucket, release: recorded ? 'recorded' : 'kept' } as const;
  const step = plan.regions
    .flatMap(({ steps }) => steps)
    .find(step => step.bucket === bucket && (step.do === 'move-channel' || step.do === 'keep-channel'));
  if (step === undefined || !('channel' in step)) return { ...outcome, channel: null };
  const moved = await moveChannel(objects, {
    prefix,
    name: step.channel,
    entry: entryOf(release.lock),
    from: (step.do === 'move-channel' ? step.from : step.release) ?? undefined,
    to: release.id,
    // Who moves the channel now, not who once made the release.
    movedAt: move.origin.createdAt,
    movedBy: move.origin.createdBy,
    rollback: move.rollback,
  });
  return { ...outcome, channel: moved ? 'moved' : 'kept' };
}
