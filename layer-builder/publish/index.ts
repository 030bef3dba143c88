/** Publishes a project's artifacts: read → plan → apply → report. Used by the command, deploy.ts and start.ts. */
import type { Lock } from '../../artifact/lock.ts';
import type { Region } from '../aws/regions.ts';
import { openRegion } from '../aws/regions.ts';
import { refuseAged } from '../plan/aged.ts';
import { planPublish } from '../plan/publish.ts';
import { readArtifact, readLock } from '../read/built.ts';
import type { ImportTimes } from '../read/import-times.ts';
import { readImportTimes } from '../read/import-times.ts';
import { readOrigin } from '../read/origin.ts';
import { channelReader, readRegion } from '../read/published.ts';
import { applyRegion } from './apply.ts';
import type { CodeSource } from './code.ts';
import { readProjectCode } from './code.ts';
import { composeRelease, finishBuckets } from './finish.ts';
import type { GoalOptions } from './goal.ts';
import { publishGoal } from './goal.ts';
import { beginJournal, endJournal } from './journal.ts';
import { knownRelease, rememberedId } from './known.ts';
import { recordPublished } from './lock.ts';
import { releasedLock } from './release.ts';
import type { Carried } from './shares.ts';
import { carriedShares } from './shares.ts';
import type { PublishPlan, PublishReport, RegionOutcome } from './types.ts';

export type { PublishPlan, PublishReport } from './types.ts';

export interface PublishOptions extends GoalOptions {
  /** Another lock than the project's `deps.lock.json`. */
  readonly lockFile?: string | undefined;
  /** A saved plan: refused with `PLAN_AGED` when the world is no longer the one it was made for. */
  readonly from?: PublishPlan | undefined;
  readonly progress?: ((line: string) => void) | undefined;
  /** Stops before the next call. What is done stays done; the same publish again takes it up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Both channels, every region, each byte once: S3 objects written with `If-None-Match: *`, layer versions made from
 * those objects, both found by digest before anything is made. Writes `published` into the lock as regions complete,
 * then the immutable release record, then moves the channel. The same content again changes nothing.
 *
 * Throws `BUILD_NOT_FOUND`, `BUCKET_REQUIRED`, `REGION_REQUIRED`, `LAYER_LIMIT`, `USAGE`, and what the function
 * package may throw (`BUNDLE_FAILED`, `PACKAGE_TOO_LARGE` …) before any call, `PLAN_AGED`
 * before any change; the failure of a region is in its outcome, and is thrown only when all regions failed alike.
 */
export async function publishProject(
  project: string,
  options: PublishOptions,
  env: NodeJS.ProcessEnv,
): Promise<PublishReport> {
  return await withPlan(project, options, env, async (plan, regions, code) => {
    if (options.from !== undefined) refuseAged(options.from, plan);
    if (plan.writes > 0) beginJournal(project, options);
    const report = await applyPublish(project, plan, { regions, code, options, env });
    if (report.complete) endJournal(project);
    return report;
  });
}

/** What `publishProject` would do; nothing is written anywhere. */
export async function planProjectPublish(
  project: string,
  options: PublishOptions,
  env: NodeJS.ProcessEnv,
): Promise<PublishPlan> {
  return await withPlan(project, options, env, async plan => plan);
}

async function withPlan<Result>(
  project: string,
  options: PublishOptions,
  env: NodeJS.ProcessEnv,
  work: (plan: PublishPlan, regions: readonly Region[], code: CodeSource | undefined) => Promise<Result>,
): Promise<Result> {
  const asked = options.from
    ? { ...options.from.goal, lock: readLock(project, options.lockFile) }
    : await publishGoal(project, options.lockFile, options, env);
  for (const artifact of asked.lock.artifacts) readArtifact(project, artifact);
  const hasCode = options.from ? options.from.goal.code !== null : options.code !== false;
  const code = hasCode ? await readProjectCode(project, asked.lock) : undefined;
  const regions = await Promise.all(asked.targets.map(target => openRegion(env, target, options.signal)));
  try {
    const carries = options.from === undefined && options.share === undefined;
    const pointed = channelReader(asked);
    const unshared = () => rememberedId(asked, code);
    const carried: Promise<Carried> = carries
      ? carriedShares(asked, regions, { pointed, unshared })
      : Promise.resolve({ share: asked.share });
    const share = carried.then(({ share }) => share);
    // Awaited with the facts; a stop in between must not end as a rejection that nobody took.
    share.catch(() => {});
    const facts = await Promise.all(regions.map(region => readRegion(region, asked, { share, pointed })));
    const goal = { ...asked, share: await share, code: code?.content ?? null };
    const known = await knownRelease(goal, facts, regions, code, (await carried).listed);
    return await work(planPublish(goal, facts, known), regions, code);
  } finally {
    for (const region of regions) region.clients.close();
  }
}

interface Application {
  readonly regions: readonly Region[];
  readonly code: CodeSource | undefined;
  readonly options: PublishOptions;
  readonly env: NodeJS.ProcessEnv;
}

async function applyPublish(
  project: string,
  plan: PublishPlan,
  { regions, code, options, env }: Application,
): Promise<PublishReport> {
  const { goal } = plan;
  const progress = options.progress ?? (() => {});
  const outcomes = await Promise.all(
    regions.map(async (region, index) => {
      const outcome = await applyRegion(region, itemAt(plan.regions, index), { project, goal, progress });
      // At once: a publisher that is killed later need not look for this region's layers again.
      recordPublished(project, [outcome], options.lockFile);
      return outcome;
    }),
  );
  const origin = await readOrigin(project, env, new Date());
  const made = await composeRelease(plan, outcomes, code, { origin, imports: importsOf(project, goal.lock) });
  const finish = await finishBuckets(plan, regions, outcomes, made, { origin });
  throwIfAllFailedAlike(finish.regions);
  return {
    goal,
    complete: finish.regions.every(outcome => outcome.complete),
    writes: outcomes.map(writesOf).reduce((sum, writes) => sum + writes, 0) + finish.writes,
    release: finish.release,
    code: finish.release === undefined ? undefined : made?.release.code,
    regions: finish.regions,
    buckets: finish.buckets,
    released: releasedLock(goal.lock, finish.regions),
    lock: readLock(project, options.lockFile),
  };
}

function importsOf(project: string, { artifacts }: Lock): Record<string, ImportTimes> {
  const times = readImportTimes(project);
  return Object.fromEntries(
    artifacts.flatMap(({ name, digest }) => {
      const known = times.get(digest);
      return known === undefined ? [] : [[name, known]];
    }),
  );
}

/** With nothing done anywhere there is no report worth having: the error itself says more. */
function throwIfAllFailedAlike(outcomes: readonly RegionOutcome[]) {
  const errors = outcomes.map(outcome => (outcome.complete ? undefined : outcome.error));
  const [first] = errors;
  if (first !== undefined && errors.every(error => error?.code === first.code)) throw first;
}

function writesOf(outcome: RegionOutcome): number {
  if (!outcome.complete) return 0;
  return outcome.artifacts.reduce(
    (sum, { object, layer, sharedWith }) =>
      sum + Number(object === 'uploaded') + Number(layer === 'published') + sharedWith.length,
    0,
  );
}

function itemAt<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`no item ${index} of ${items.length}`);
  return item;
}
