/** Moves a channel to a release that exists: promote and rollback. Code and dependencies move together. */
import type { Lock } from '../../artifact/lock.ts';
import type { Region } from '../aws/regions.ts';
import { openRegion } from '../aws/regions.ts';
import { fail } from '../errors.ts';
import { planPublish } from '../plan/publish.ts';
import { readOrigin } from '../read/origin.ts';
import { readRegion } from '../read/published.ts';
import { applyRegion } from './apply.ts';
import { releasedCode } from './code.ts';
import { composeRelease, finishBuckets } from './finish.ts';
import { knownRelease } from './known.ts';
import { withPublished } from './lock.ts';
import type { Release } from './release.ts';
import { regionsOf } from './release.ts';
import type { StageOptions, StageOutcome } from './stage.ts';
import { prepareStages } from './stages.ts';
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
  /** The function of the stage in each region; none with `channelOnly`. */
  readonly functions: readonly StageOutcome[];
  /** Of the release that the channel points to. */
  readonly lock: Lock;
}

export interface PointOptions extends StageOptions {
  /** Remembered in the channel, so that the next rollback goes one step further. */
  readonly rollback: boolean;
  /** Leaves the function `<service>__<channel>` as it is. */
  readonly channelOnly: boolean;
}

/**
 * Points the channel to the release in every bucket of the release, and the alias `live` of the function
 * `<service>__<channel>` to a version that runs it. Before anything moves, every object and layer version of the
 * release is confirmed, and the version is made and tested. A layer version that was deleted is made again from the same
 * bytes in S3, which is a new release.
 *
 * The channel moves last, so that it names what has proved itself: a version that is taken back leaves it where it was.
 * Killed in between, the same command finds the alias in place and moves the channel after it.
 *
 * Throws `NOT_PUBLISHED` when an object is gone, `PUBLISH_CHANNEL_CONFLICT` when the channel moved meanwhile, and what
 * `prepareStage` and its `takeOver` throw.
 */
export async function pointChannel(
  project: string,
  release: Release,
  channel: string,
  options: PointOptions,
  env: NodeJS.ProcessEnv,
): Promise<PointReport> {
  const { progress, signal, rollback } = options;
  const goal = goalOf(release, channel);
  const regions = await Promise.all(goal.targets.map(target => openRegion(env, target, signal)));
  try {
    const code = releasedCode(release, regions);
    const facts = await Promise.all(regions.map(region => readRegion(region, goal)));
    const plan = planPublish(goal, facts, await knownRelease(goal, facts, regions, code));
    for (const region of plan.regions) requireObjects(region, release.id);
    const applied = await Promise.all(
      regions.map((region, index) => applyOne(region, plan.regions[index], { project, goal, progress })),
    );
    const origin = await readOrigin(project, env, new Date());
    const made = await composeRelease(plan, applied, code, { ...release, origin }, release);
    const follows = options.channelOnly ? undefined : made;
    const stages = await prepareStages(regions, applied, follows, channel, options, env);
    const finish = await finishBuckets(plan, regions, stages.outcomes, made, {
      origin,
      rollback: rollback ? release.id : undefined,
      before: stages.takeOver,
    });
    const failed = finish.regions.find(outcome => !outcome.complete);
    if (finish.buckets.length === 0 && failed?.complete === false) throw failed.error;
    return {
      channel,
      asked: release.id,
      release: finish.release,
      complete: finish.regions.every(outcome => outcome.complete),
      regions: finish.regions,
      buckets: finish.buckets,
      functions: stages.functions,
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

function goalOf({ lock, share, code }: Release, channel: string): PublishGoal {
  const targets = regionsOf(lock).map((region): Target => {
    const bucket = lock.artifacts[0]?.published[region]?.bucket ?? '';
    return { region, bucket };
  });
  const layerNames = lock.artifacts.map(({ name, published }): [string, string] => {
    const [arn = ''] = Object.values(published).flatMap(({ layerVersionArn }) => layerVersionArn ?? []);
    return [name, arn.split(':').at(-2) ?? name];
  });
  return {
    ...{ lock, targets, share, channel },
    layerNames: Object.fromEntries(layerNames),
    storage: 'copy',
    code: code?.digest ?? null,
  };
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
