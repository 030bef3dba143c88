/** The end of a publish: code, release record and channel, in each bucket whose regions are all complete. */
import type { CodedError } from '../../artifact/error.ts';
import { isCodedError } from '../../artifact/error.ts';
import type { Region } from '../aws/regions.ts';
import { regionsPerBucket } from './buckets.ts';
import { entryOf, moveChannel } from './channel.ts';
import type { CodeSource } from './code.ts';
import { codeOf } from './code.ts';
import { writeRelease } from './record.ts';
import type { Release, ReleaseOrigin, Told } from './release.ts';
import { codeKey, makeRelease, prefixOf, releasedLock, releaseId } from './release.ts';
import { storeOnce } from './store.ts';
import type { BucketOutcome, PublishPlan, RegionOutcome } from './types.ts';

/** A release with the bytes of its function package. */
export interface MadeRelease {
  readonly release: Release;
  readonly zip: Buffer | undefined;
}

/** How the channels move. */
export interface ChannelOrder {
  readonly origin: ReleaseOrigin;
  /** The release that is gone back to. */
  readonly rollback?: string | undefined;
  /** Done in each bucket when the release is there and before its channel moves; what it throws keeps the channel. */
  readonly before?: (bucket: string) => Promise<void>;
}

export interface Finish {
  /** undefined: no bucket is complete. */
  readonly release: string | undefined;
  readonly regions: readonly RegionOutcome[];
  readonly buckets: readonly BucketOutcome[];
  readonly writes: number;
}

/**
 * The release of the buckets whose regions are all complete; undefined when there is none. It is `existing` as long as
 * nothing had to be made anew for that.
 */
export async function composeRelease(
  { goal }: PublishPlan,
  outcomes: readonly RegionOutcome[],
  code: CodeSource | undefined,
  told: Told,
  existing?: Release,
): Promise<MadeRelease | undefined> {
  const complete = completeBuckets(outcomes).flat();
  if (complete.length === 0) return undefined;
  const lock = releasedLock(goal.lock, complete);
  const zip = await code?.pack(lock);
  const packed = zip && codeOf(zip);
  if (existing?.id === releaseId(lock, goal.share, packed)) return { release: existing, zip };
  return { release: makeRelease(lock, goal.share, packed, told), zip };
}

/**
 * Code, then record, then channel: no pointer ever points to anything absent. A bucket with an incomplete region gets
 * none of them, so that its channel stays where everything is there. What fails here makes the bucket's regions
 * incomplete.
 */
export async function finishBuckets(
  plan: PublishPlan,
  regions: readonly Region[],
  outcomes: readonly RegionOutcome[],
  made: MadeRelease | undefined,
  move: ChannelOrder,
): Promise<Finish> {
  if (made === undefined) return { release: undefined, regions: outcomes, buckets: [], writes: 0 };
  const { release } = made;
  const failures = new Map<string, CodedError>();
  const buckets: BucketOutcome[] = [];
  await Promise.all(
    completeBuckets(outcomes).map(async ([first]) => {
      const region = regions.find(({ bucket }) => bucket === first?.bucket);
      if (region === undefined) return;
      try {
        buckets.push(await finishBucket(plan, region, made, move));
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
      (sum, { code, release, channel }) =>
        sum + Number(code === 'uploaded') + Number(release === 'recorded') + Number(channel === 'moved'),
      0,
    ),
  };
}

function completeBuckets(outcomes: readonly RegionOutcome[]): RegionOutcome[][] {
  return regionsPerBucket(outcomes).filter(group => group.every(outcome => outcome.complete));
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
  { release, zip }: MadeRelease,
  move: ChannelOrder,
): Promise<BucketOutcome> {
  const { bucket, objects } = region;
  const prefix = prefixOf(release.lock);
  const code = zip === undefined ? null : await storeCode(plan, region, zip, codeKey(prefix, release.id));
  const recorded = isKept(plan, bucket, release) ? false : await writeRelease(objects, prefix, release);
  const outcome = { bucket, code, release: recorded ? 'recorded' : 'kept' } as const;
  const step = plan.regions
    .flatMap(({ steps }) => steps)
    .find(step => step.bucket === bucket && (step.do === 'move-channel' || step.do === 'keep-channel'));
  if (step === undefined || !('channel' in step)) return { ...outcome, channel: null };
  // It was seen to point here, and nothing that takes time has happened since.
  if (step.do === 'keep-channel' && step.release === release.id && move.before === undefined)
    return { ...outcome, channel: 'kept' };
  await move.before?.(bucket);
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

/** As an artifact is stored: once, and proved to be these bytes. */
async function storeCode(
  plan: PublishPlan,
  region: Region,
  zip: Buffer,
  key: string,
): Promise<'uploaded' | 'kept'> {
  const code = codeOf(zip);
  const isKept = plan.regions
    .flatMap(({ steps }) => steps)
    .some(step => step.bucket === region.bucket && step.do === 'keep-code' && step.digest === code.digest);
  if (isKept) return 'kept';
  return (await storeOnce(region, { s3: { key }, ...code }, zip)).written ? 'uploaded' : 'kept';
}
