/** The functions of a stage in all regions of a release: versions first, then bucket by bucket their aliases. */
import { isCodedError } from '../../artifact/error.ts';
import type { Region } from '../aws/regions.ts';
import type { MadeRelease } from './finish.ts';
import type { PreparedStage, StageOptions, StageOutcome } from './stage.ts';
import type { RegionOutcome } from './types.ts';

export interface PreparedStages {
  /** A region whose function cannot run the release is incomplete: the channel of its bucket stays too. */
  readonly outcomes: readonly RegionOutcome[];
  /** Moves the aliases in the regions of a bucket. Throws what `takeOver` throws. */
  takeOver(bucket: string): Promise<void>;
  /** What has come of it so far. */
  readonly functions: readonly StageOutcome[];
}

/** `made` undefined: no function follows. */
export async function prepareStages(
  regions: readonly Region[],
  outcomes: readonly RegionOutcome[],
  made: MadeRelease | undefined,
  channel: string,
  options: StageOptions,
  env: NodeJS.ProcessEnv,
): Promise<PreparedStages> {
  if (made === undefined) return { outcomes, takeOver: async () => {}, functions: [] };
  const stages: [bucket: string, stage: PreparedStage][] = [];
  const functions: StageOutcome[] = [];
  // The functions' part of the SDK: not before it is needed.
  const [{ prepareStage }, { functionName }] = await Promise.all([
    import('./stage.ts'),
    import('../deploy/desired.ts'),
  ]);
  const name = functionName(made.release.lock, channel);
  const prepared = outcomes.map(async (outcome): Promise<RegionOutcome> => {
    const region = regions.find(({ region }) => region === outcome.region);
    if (!outcome.complete || region === undefined) return outcome;
    try {
      stages.push([region.bucket, await prepareStage(name, region, made, options, env)]);
      return outcome;
    } catch (error) {
      if (!isCodedError(error)) throw error;
      return { region: outcome.region, bucket: outcome.bucket, complete: false, error };
    }
  });
  return {
    outcomes: await Promise.all(prepared),
    functions,
    async takeOver(bucket) {
      const own = stages.filter(([other]) => other === bucket);
      await Promise.all(
        own.map(async ([, stage]) => {
          await stage.takeOver();
          functions.push(stage.outcome);
        }),
      );
    },
  };
}
