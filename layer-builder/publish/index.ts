/** Publishes a project's artifacts: read → plan → apply → report. Used by the command, deploy.ts and start.ts. */
import { isCodedError } from '../../artifact/error.ts';
import type { Lock } from '../../artifact/lock.ts';
import type { Region } from '../aws/regions.ts';
import { openRegion } from '../aws/regions.ts';
import { planPublish } from '../plan/publish.ts';
import { readArtifact, readLock } from '../read/built.ts';
import { readOrigin } from '../read/origin.ts';
import { readRegion } from '../read/published.ts';
import { applyRegion } from './apply.ts';
import type { GoalOptions } from './goal.ts';
import { publishGoal } from './goal.ts';
import { recordPublished } from './lock.ts';
import { writeRelease } from './record.ts';
import { makeRelease, prefixOf } from './release.ts';
import type { PublishPlan, PublishReport, RegionOutcome } from './types.ts';

export type { PublishReport } from './types.ts';

export interface PublishOptions extends GoalOptions {
  /** Another lock than the project's `deps.lock.json`. */
  readonly lockFile?: string | undefined;
  readonly progress?: ((line: string) => void) | undefined;
  /** Stops before the next call. What is done stays done; the same publish again takes it up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Both channels, every region, each byte once: S3 objects written with `If-None-Match: *`, layer versions made from
 * those objects, both found by digest before anything is made. Writes `published` into the lock as regions complete,
 * and the immutable release record. The same content again changes nothing.
 *
 * Throws `BUILD_NOT_FOUND`, `BUCKET_REQUIRED`, `REGION_REQUIRED`, `LAYER_LIMIT`, `USAGE` before any call; the failure
 * of a region is in its outcome, and is thrown only when no region is complete.
 */
export async function publishProject(
  project: string,
  options: PublishOptions,
  env: NodeJS.ProcessEnv,
): Promise<PublishReport> {
  const lock = readLock(project, options.lockFile);
  const goal = await publishGoal(project, lock, options, env);
  for (const artifact of goal.artifacts) readArtifact(project, artifact);
  const regions = await Promise.all(goal.targets.map(target => openRegion(env, target, options.signal)));
  try {
    const facts = await Promise.all(regions.map(region => readRegion(region, goal)));
    return await applyPublish(project, lock, planPublish(goal, facts), regions, options, env);
  } finally {
    for (const region of regions) region.clients.close();
  }
}

async function applyPublish(
  project: string,
  lock: Lock,
  plan: PublishPlan,
  regions: readonly Region[],
  options: PublishOptions,
  env: NodeJS.ProcessEnv,
): Promise<PublishReport> {
  const { goal } = plan;
  const progress = options.progress ?? (() => {});
  const outcomes = await Promise.all(
    plan.regions.map(async (regionPlan, index) => {
      const outcome = await applyRegion(at(regions, index), regionPlan, { project, goal, progress });
      // At once: a publisher that is killed later need not ask this region again.
      recordPublished(project, [outcome], options.lockFile);
      return outcome;
    }),
  );
  const release = makeRelease(lock, outcomes, await readOrigin(project, env, new Date()));
  let writes = outcomes.flatMap(writesOf).length;
  const recorded = await Promise.all(
    regions.map(async (region, index): Promise<RegionOutcome> => {
      const outcome = at(outcomes, index);
      if (!outcome.complete || release === undefined) return outcome;
      try {
        if (await writeRelease(region.objects, prefixOf(lock), release)) writes++;
        return outcome;
      } catch (error) {
        if (!isCodedError(error)) throw error;
        return { region: region.region, bucket: region.bucket, complete: false, error };
      }
    }),
  );
  throwIfNoneComplete(recorded);
  return {
    service: goal.service,
    runtime: goal.runtime,
    architecture: goal.architecture,
    complete: recorded.every(outcome => outcome.complete),
    writes,
    release: release?.id,
    regions: recorded,
    lock: readLock(project, options.lockFile),
  };
}

/** With nothing done anywhere there is no report worth having: the error itself says more. */
function throwIfNoneComplete(outcomes: readonly RegionOutcome[]) {
  const errors = outcomes.map(outcome => (outcome.complete ? undefined : outcome.error));
  const [first] = errors;
  if (first !== undefined && errors.every(error => error?.code === first.code)) throw first;
}

function writesOf(outcome: RegionOutcome): string[] {
  if (!outcome.complete) return [];
  return outcome.artifacts.flatMap(({ object, layer }) => [
    ...(object === 'uploaded' ? ['object'] : []),
    ...(layer === 'published' ? ['layer'] : []),
  ]);
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`no item ${index} of ${items.length}`);
  return item;
}
