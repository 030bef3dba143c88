/** The functions of a stage in all regions of a release: prepared before the channel moves, moved after it. */
import { isCodedError } from '../../artifact/error.ts';
import type { Region } from '../aws/regions.ts';
import type { Finish, MadeRelease } from './finish.ts';
import type { PreparedStage, StageOptions, StageOutcome } from './stage.ts';
import type { RegionOutcome } from './types.ts';

type Prepared = ReadonlyMap<string, PreparedStage>;

/** `made` undefined: no function follows. A region whose function cannot run the release is incomplete: the channel of its bucket stays too. */
export async function prepareStages(
  regions: readonly Region[],
  outcomes: readonly RegionOutcome[],
  made: MadeRelease | undefined,
  channel: string,
  options: StageOptions,
): Promise<{ readonly prepared: Prepared; readonly outcomes: readonly RegionOutcome[] }> {
  const prepared = new Map<string, PreparedStage>();
  if (made === undefined) return { prepared, outcomes };
  // The functions' part of the SDK: not before it is needed.
  const { functionOfChannel, prepareStage } = await import('./stage.ts');
  const name = functionOfChannel(made.release.lock, channel);
  return {
    prepared,
    outcomes: await Promise.all(
      outcomes.map(async outcome => {
        const region = regions.find(({ region }) => region === outcome.region);
        if (!outcome.complete || region === undefined) return outcome;
        return await orFailed(outcome, async () => {
          const aws = { lambda: region.clients.lambda, call: region.call };
          prepared.set(region.region, await prepareStage(aws, name, region.region, made, options));
        });
      }),
    ),
  };
}

/** Only where the channel has moved, or was there already. */
export async function moveStages(
  prepared: Prepared,
  finish: Finish,
): Promise<{ readonly outcomes: readonly RegionOutcome[]; readonly functions: readonly StageOutcome[] }> {
  const functions: StageOutcome[] = [];
  const outcomes = await Promise.all(
    finish.regions.map(async outcome => {
      const stage = prepared.get(outcome.region);
      if (!outcome.complete || stage === undefined) return outcome;
      return await orFailed(outcome, async () => {
        await stage.move();
        functions.push(stage.outcome);
      });
    }),
  );
  return { outcomes, functions };
}

async function orFailed(outcome: RegionOutcome, work: () => Promise<void>): Promise<RegionOutcome> {
  try {
    await work();
    return outcome;
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { region: outcome.region, bucket: outcome.bucket, complete: false, error };
  }
}
