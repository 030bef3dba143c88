/** The function of a stage follows its channel: its alias `live` moves to the version that runs the release. */
import { isCodedError } from '../../artifact/error.ts';
import type { Lock } from '../../artifact/lock.ts';
import type { FunctionAccess } from '../aws/function-access.ts';
import { listVersions, readFunction } from '../aws/function-read.ts';
import { moveAlias } from '../aws/functions.ts';
import { codeSha256Of } from '../aws/layers.ts';
import { applyDeploy, explain } from '../deploy/apply.ts';
import { planDeploy } from '../deploy/plan.ts';
import type { SmokeAnswer } from '../deploy/smoke.ts';
import { smokeTest } from '../deploy/smoke.ts';
import type { ActualFunction, DesiredFunction } from '../deploy/types.ts';
import { BuilderError, fail } from '../errors.ts';
import { planStage } from '../plan/stage.ts';
import type { MadeRelease } from './finish.ts';

export interface StageOptions {
  /** Paths to GET before the alias moves; none means no smoke test. */
  readonly smokePaths: readonly string[];
  readonly progress: (line: string) => void;
}

export interface StageOutcome {
  readonly region: string;
  readonly functionName: string;
  /** `left`: the channel moved alone, and `why` says the reason. */
  readonly outcome: 'moved' | 'kept' | 'left';
  /** Behind the alias now, and before. */
  readonly version: string | null;
  readonly from: string | null;
  readonly why: string | null;
  readonly smoke: readonly SmokeAnswer[];
}

/** Everything but the move: callers see nothing of it yet. */
export interface PreparedStage {
  readonly outcome: StageOutcome;
  /** Moves the alias. Throws `DEPLOY_CONFLICT` when somebody else did meanwhile. */
  move(): Promise<void>;
}

/** The function that follows a channel: `deploy --stage <channel>` makes it. */
export function functionOfChannel({ service }: Pick<Lock, 'service'>, channel: string): string {
  return `${service}__${channel}`;
}

/**
 * Makes sure that a version of the function runs the release, and tests it: an old version when one fits, which takes
 * its settings back with it; else a new one with the settings of the one that is live.
 *
 * Throws `SMOKE_FAILED`, `DEPLOY_CONFLICT`, `DEPLOY_FAILED`, `ACCESS_DENIED`; the alias has not moved then.
 */
export async function prepareStage(
  aws: FunctionAccess,
  functionName: string,
  region: string,
  { release, zip }: MadeRelease,
  options: StageOptions,
): Promise<PreparedStage> {
  const actual = await allowed(readFunction(aws, functionName));
  const released = {
    codeSha256: release.code && codeSha256Of(release.code.digest),
    runtime: release.lock.runtime,
    architecture: release.lock.architecture,
    layers: release.lock.artifacts.flatMap(({ published }) => published[region]?.layerVersionArn ?? []),
  };
  const versions = actual?.live && release.code ? await allowed(listVersions(aws, functionName)) : [];
  const plan = planStage(functionName, released, actual, versions);
  const at = { region, functionName, version: null, from: null, why: null, smoke: [] };
  switch (plan.do) {
    case 'leave':
      return { outcome: { ...at, outcome: 'left', why: plan.why }, move: async () => {} };
    case 'keep':
      return { outcome: { ...at, outcome: 'kept', version: plan.version }, move: async () => {} };
    case 'move': {
      options.progress(`${region}: testing version ${plan.version} of ${functionName}`);
      const smoke = await smokeTest(aws, functionName, plan.version, options.smokePaths);
      const { version, from } = plan;
      return moving(aws, { ...at, outcome: 'moved', version, from, smoke }, actual);
    }
    case 'make': {
      options.progress(`${region}: making a version of ${functionName} from ${release.id}`);
      const made = await makeVersion(aws, plan.desired, actual, zip, options);
      return moving(aws, { ...at, ...made, outcome: 'moved', from: plan.from }, actual);
    }
  }
}

/** The steps of a deployment up to the move. */
async function makeVersion(
  aws: FunctionAccess,
  desired: DesiredFunction,
  actual: ActualFunction | undefined,
  zip: Buffer | undefined,
  options: StageOptions,
): Promise<{ readonly version: string; readonly smoke: readonly SmokeAnswer[] }> {
  if (zip === undefined) return fail('INTERNAL', `no code for ${desired.name}`);
  const kinds = ['update-code', 'update-configuration', 'publish-version', 'smoke-test'];
  const { functionName, steps } = planDeploy(desired, actual);
  const plan = { functionName, steps: steps.filter(({ kind }) => kinds.includes(kind)) };
  const { version, smoke } = await applyDeploy(aws, plan, desired, actual, { ...options, zip });
  return { version, smoke };
}

function moving(
  aws: FunctionAccess,
  outcome: StageOutcome & { readonly version: string; readonly from: string },
  actual: ActualFunction | undefined,
): PreparedStage {
  return {
    outcome,
    async move() {
      const { functionName, version, from } = outcome;
      const revisionId = actual?.live?.aliasRevisionId ?? '';
      try {
        await moveAlias(aws, functionName, { version, previous: from, revisionId });
      } catch (error) {
        throw explain(error, functionName, 'move-alias');
      }
    },
  };
}

/** Who may move channels need not be allowed to see functions. */
async function allowed<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!isCodedError(error) || error.code !== 'ACCESS_DENIED') throw error;
    throw new BuilderError('ACCESS_DENIED', error.message, {
      hint: '"layer-builder doctor --policies" prints the promoter’s policy; --channel-only leaves the function as it is',
      details: error.details,
      cause: error,
    });
  }
}
