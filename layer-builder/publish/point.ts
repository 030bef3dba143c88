/** Moves a channel to a release that exists: promote and rollback. Code and dependencies move together. */
import type { Lock } from '../../artifact/lock.ts';
import type { Region } from '../aws/regions.ts';
import { openRegion } from '../aws/regions.ts';
import { fail } from '../errors.ts';
import { expectedRelease, planPublish } from '../plan/publish.ts';
import { readOrigin } from '../read/origin.ts';
import { readRecorded, readRegion } from '../read/published.ts';
import { applyRegion } from './apply.ts';
import { finishBuckets } from './finish.ts';
import { withPublished } from './lock.ts';
import type { Release } from './release.ts';
import { prefixOf, regionsOf } from './release.ts';
import type { BucketOutcome, PublishGoal, RegionOutcome, RegionPlan, Target } from './types.ts';

export interface PointReport {
  readonly channel: string;
  /** The release asked for. */
  readonly asked: string;
  /** The release that the channel points to: another one when layers had to be made again. */
  readonly release: string | undefined;
  readonly complete: boolean;
  readonly regions: readonly RegionOutcome[];
  readonly buckets: readonly BucketOutcome[];
  /** Of the release that the channel points to. */
  readonly lock: Lock;
}

export interface PointOptions {
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Remembered in the channel, so that the next rollback goes one step further. */
  readonly rollback: boolean;
}

/**
 * Points the channel to the release in every bucket of the release. Before it moves, every object and layer version
 * of the release is confirmed; a layer version that was deleted is made again from the same bytes in S3, which is a
 * new release.
 *
 * Throws `NOT_PUBLISHED` when an object is gone, `PUBLISH_CHANNEL_CONFLICT` when the channel moved meanwhile.
 */
export async function pointChannel(
  project: string,
  release: Release,
  channel: string,
  { progress, signal, rollback }: PointOptions,
  env: NodeJS.ProcessEnv,
): Promise<PointReport> {
  const goal = goalOf(release, channel);
  const regions = await Promise.all(goal.targets.map(target => openRegion(env, target, signal)));
  try {
    const facts = await Promise.all(regions.map(region => readRegion(region, goal)));
    const id = expectedRelease(goal, facts);
    const recorded = id === null ? undefined : await readRecorded(regions, prefixOf(goal.lock), id);
    const plan = planPublish(goal, facts, recorded);
    for (const region of plan.regions) requireObjects(region, release.id);
    const outcomes = await Promise.all(
      regions.map((region, index) => applyOne(region, plan.regions[index], { project, goal, progress })),
    );
    const origin = await readOrigin(project, env, new Date());
    const finish = await finishBuckets(plan, regions, outcomes, origin, { existing: release, rollback });
    const failed = finish.regions.find(outcome => !outcome.complete);
    if (finish.buckets.length === 0 && failed?.complete === false) throw failed.error;
    return {
      channel,
      asked: release.id,
      release: finish.release,
      complete: finish.regions.every(outcome => outcome.complete),
      regions: finish.regions,
      buckets: finish.buckets,
      lock: withPublished(goal.lock, finish.regions),
    };
  } finally {
    for (const region of regions) region.clients.close();
  }
}

async function applyOne(
  region: Region,
  plan: RegionPlan | undefined,
  context: Parameters<typeof applyRegion>[2],
) {
  if (plan === undefined) throw new Error(`no plan for ${region.region}`);
  return await applyRegion(region, plan, context);
}

function goalOf({ lock, share }: Release, channel: string): PublishGoal {
  const targets = regionsOf(lock).map((region): Target => {
    const bucket = lock.artifacts[0]?.published[region]?.bucket ?? '';
    return { region, bucket };
  });
  const layerNames = lock.artifacts.map(({ name, published }): [string, string] => {
    const [arn = ''] = Object.values(published).flatMap(({ layerVersionArn }) => layerVersionArn ?? []);
    return [name, arn.split(':').at(-2) ?? name];
  });
  return { lock, targets, layerNames: Object.fromEntries(layerNames), storage: 'copy', share, channel };
}

/** The bytes exist nowhere else: a build of today need not give them again. */
function requireObjects(plan: RegionPlan, release: string) {
  for (const step of plan.steps) {
    if (step.do !== 'upload') continue;
    fail(
      'NOT_PUBLISHED',
      `release ${release} has lost its bytes (expected s3://${step.bucket}/${step.key}, found none)`,
      {
        hint: 'restore the object from an older version of the bucket, or build that commit again and publish it',
        details: { release, bucket: step.bucket, key: step.key, digest: step.digest },
      },
    );
  }
}
