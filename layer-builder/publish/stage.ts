/** The function of a stage follows its channel: its alias `live` moves to the version that runs the release. */
import { isCodedError } from '../../artifact/error.ts';
import { makeCaller } from '../aws/calls.ts';
import { listVersions, readFunction } from '../aws/function-read.ts';
import { codeSha256Of } from '../aws/layers.ts';
import type { Region } from '../aws/regions.ts';
import { openSide } from '../aws/side-access.ts';
import type { DeployAccess } from '../deploy/apply.ts';
import { applyDeploy } from '../deploy/apply.ts';
import { requireQuiet } from '../deploy/release.ts';
import type { SmokeAnswer } from '../deploy/smoke.ts';
import type { DeployStep, ReleaseSettings } from '../deploy/types.ts';
import { BuilderError } from '../errors.ts';
import { planStage } from '../plan/stage.ts';
import type { MadeRelease } from './finish.ts';

export interface StageOptions {
  /** Paths to GET before the alias moves; none means no smoke test. */
  readonly smokePaths: readonly string[];
  /** Shares and alarms with which a version takes over. */
  readonly takeover: ReleaseSettings;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
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

/** Everything but the takeover: callers see nothing of it yet. */
export interface PreparedStage {
  readonly outcome: StageOutcome;
  /**
   * Throws `DEPLOY_CONFLICT` when somebody else moved the alias meanwhile, `ALARM_RAISED` and `SMOKE_FAILED` when the
   * version was taken back.
   */
  takeOver(): Promise<void>;
}

/**
 * Makes sure that a version of the function runs the release, and tests it.
 *
 * Throws `SMOKE_FAILED`, `DEPLOY_CONFLICT`, `DEPLOY_FAILED`, `ACCESS_DENIED`, and of an alarm that is not quiet
 * `ALARM_RAISED` or `NOT_FOUND`; the alias has not moved then.
 */
export async function prepareStage(
  functionName: string,
  { region, clients, call }: Region,
  { release, zip = Buffer.alloc(0) }: MadeRelease,
  options: StageOptions,
  env: NodeJS.ProcessEnv,
): Promise<PreparedStage> {
  const { smokePaths, takeover, signal } = options;
  const { lambda } = clients;
  const side = openSide(clients, env, signal);
  const aws: DeployAccess = { lambda, call, side, lasting: { lambda, call: makeCaller(clients) } };
  const actual = await allowed(readFunction(aws, functionName));
  const released = {
    codeSha256: release.code && codeSha256Of(release.code.digest),
    runtime: release.lock.runtime,
    architecture: release.lock.architecture,
    layers: release.lock.artifacts.flatMap(({ published }) => published[region]?.layerVersionArn ?? []),
    takeover,
  };
  const versions = actual?.live && release.code ? await allowed(listVersions(aws, functionName)) : [];
  const plan = planStage(functionName, released, actual, versions);
  const at = { region, functionName, version: null, from: null, why: null, smoke: [] };
  const stay = async () => {};
  if (plan.do === 'leave') return { outcome: { ...at, outcome: 'left', why: plan.why }, takeOver: stay };
  if (plan.do === 'keep')
    return { outcome: { ...at, outcome: 'kept', version: plan.version }, takeOver: stay };
  await requireQuiet(side, takeover.alarms);
  const apply = (steps: readonly DeployStep[], version: string | undefined) =>
    applyDeploy(
      aws,
      { functionName, steps },
      plan.desired,
      actual,
      {},
      {
        ...{ zip, smokePaths, signal, ...(version === undefined ? {} : { version }) },
        progress: line => options.progress(`${region}: ${functionName}: ${line}`),
      },
    );
  const prepared = await apply(plan.prepare.filter(isNoIdleTest(smokePaths)), plan.version);
  const { version, smoke } = prepared;
  return {
    outcome: { ...at, outcome: 'moved', version, from: plan.from, smoke },
    takeOver: async () => void (await apply(plan.takeover, version)),
  };
}

/** A test of no path would be a step that does nothing. */
function isNoIdleTest(smokePaths: readonly string[]): (step: DeployStep) => boolean {
  return ({ kind }) => smokePaths.length > 0 || (kind !== 'smoke-test' && kind !== 'rehearse-s3');
}

/** Who may move channels need not be allowed to see functions. */
async function allowed<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!isCodedError(error) || error.code !== 'ACCESS_DENIED') throw error;
    throw new BuilderError('ACCESS_DENIED', error.message, {
      hint: '"layer-builder doctor --policies" prints the deployer’s policy; --channel-only leaves the function as it is',
      details: error.details,
      cause: error,
    });
  }
}
