/** Applies a deployment plan, step by step. The one place that changes a function and what stands around it. */
import type { FunctionAccess } from '../aws/function-access.ts';
import * as urls from '../aws/function-urls.ts';
import * as functions from '../aws/functions.ts';
import * as logs from '../aws/logs.ts';
import * as roles from '../aws/roles.ts';
import type { SideAccess } from '../aws/side-access.ts';
import { describeStep } from './describe.ts';
import { explain } from './failures.ts';
import { rehearseS3, revisionNow } from './rehearse.ts';
import type { Takeover } from './release.ts';
import { finishTakeover, shiftAlias, takeBack, watch } from './release.ts';
import type { SmokeAnswer } from './smoke.ts';
import { smokeTest } from './smoke.ts';
import type {
  ActualFunction,
  DeployPlan,
  DeployStep,
  DesiredFunction,
  FunctionSettings,
  Surroundings,
} from './types.ts';

export interface Deployed {
  /** The version behind the live alias after this run. */
  readonly version: string;
  /** Function URL with its final slash; undefined when none is wanted. */
  readonly url: string | undefined;
  readonly smoke: readonly SmokeAnswer[];
}

export interface ApplyOptions {
  readonly zip: Uint8Array;
  /** Paths to GET before the alias moves; none means no smoke test. */
  readonly smokePaths: readonly string[];
  readonly progress: (line: string) => void;
  /** The version that takes over, when it is there already and the plan makes none. */
  readonly version?: string;
  /** Ends the watching of a new version, which is then taken back. */
  readonly signal?: AbortSignal | undefined;
}

/** How the deployer reaches AWS. */
export interface DeployAccess extends FunctionAccess {
  readonly side: SideAccess;
  /** The same, for what must be done even after Ctrl-C. @default itself */
  readonly lasting?: FunctionAccess;
}

interface Progress {
  arn: string;
  roleArn: string;
  revisionId: string;
  version: string;
  url: string | undefined;
  smoke: readonly SmokeAnswer[];
  readonly takeover: Takeover | undefined;
}

interface Work {
  readonly aws: DeployAccess;
  readonly desired: DesiredFunction;
  readonly actual: ActualFunction | undefined;
  readonly options: ApplyOptions;
  readonly progress: Progress;
}

/**
 * Carries out the steps in order and waits for each to take. The code goes before the configuration, the
 * alias last, so that callers see either the old version whole or the new one whole. A version that has begun to
 * take over and fails gives its calls back, after Ctrl-C too.
 *
 * Throws `DEPLOY_CONFLICT` when somebody else changed the function meanwhile, `SMOKE_FAILED` when the new
 * version does not answer, `ALARM_RAISED` when an alarm goes off, `DEPLOY_FAILED` when Lambda refuses a step.
 */
export async function applyDeploy(
  aws: DeployAccess,
  plan: DeployPlan,
  desired: DesiredFunction,
  actual: ActualFunction | undefined,
  around: Surroundings,
  options: ApplyOptions,
): Promise<Deployed> {
  const live = actual?.live;
  const progress: Progress = {
    arn: actual?.arn ?? '',
    roleArn: around.role?.arn ?? desired.settings.role,
    revisionId: actual?.latest.revisionId ?? '',
    version: options.version ?? live?.version ?? '',
    url: actual?.url?.url,
    smoke: [],
    takeover: live && {
      ...{ from: live.version, remembered: actual.previousVersion, revisionId: live.aliasRevisionId },
      isOpen: false,
    },
  };
  const work = { aws, desired, actual, options, progress };
  for (const step of plan.steps) {
    options.progress(describeStep(step));
    try {
      await applyStep(step, work);
    } catch (error) {
      const failure = explain(error, desired.name, step.kind);
      const { takeover } = progress;
      throw takeover?.isOpen ? await takeBack(aws.lasting ?? aws, desired.name, takeover, failure) : failure;
    }
  }
  return { version: progress.version, url: progress.url, smoke: progress.smoke };
}

async function applyStep(step: DeployStep, { aws, desired, actual, options, progress }: Work): Promise<void> {
  const { name, url: wantedUrl } = desired;
  const { takeover } = progress;
  // a move that Ctrl-C cuts short may have been made or not: it is seen to its end, and then taken back
  const lasting = aws.lasting ?? aws;
  const settings = { ...desired.settings, role: progress.roleArn };
  const test = ({ environment }: FunctionSettings) =>
    smokeTest(aws, name, progress.version, options.smokePaths, environment['DEPS_SOURCE'] ?? 'auto');
  switch (step.kind) {
    case 'create-role':
      progress.roleArn = await roles.createRole(aws.side, step.name, desired.ownRole?.description ?? '');
      return putPolicy(aws.side, desired, progress.roleArn);
    case 'update-role':
      return putPolicy(aws.side, desired, progress.roleArn);
    case 'create-log-group':
      return logs.createLogGroup(aws.side, step.name);
    case 'set-retention':
      return logs.setRetention(aws.side, desired.logs?.group ?? '', desired.logs?.retentionDays ?? 0);
    case 'create-function': {
      const made = await functions.createFunction(aws, name, settings, options.zip);
      Object.assign(progress, made);
      return;
    }
    case 'update-code':
      progress.revisionId = await functions.updateCode(aws, name, settings, options.zip, progress.revisionId);
      return;
    case 'update-configuration':
      progress.revisionId = await functions.updateConfiguration(aws, name, settings, progress.revisionId);
      return;
    case 'set-tags':
      await functions.setTags(aws, progress.arn, desired.tags, actual?.tags ?? {});
      progress.revisionId = await revisionNow(aws, name, settings);
      return;
    case 'set-concurrency':
      await functions.setConcurrency(aws, name, desired.reservedConcurrency);
      progress.revisionId = await revisionNow(aws, name, settings);
      return;
    case 'rehearse-s3':
      Object.assign(progress, await rehearseS3(aws, name, settings, progress.revisionId, options.smokePaths));
      return;
    case 'publish-version':
      progress.version = await functions.publishVersion(aws, name, settings.codeSha256, progress.revisionId);
      return;
    case 'smoke-test':
      progress.smoke = [...progress.smoke, ...(await test(settings))];
      return;
    case 'create-alias':
      return functions.createAlias(aws, name, progress.version);
    case 'shift-alias': {
      if (takeover === undefined) return;
      await shiftAlias(lasting, name, takeover, { version: progress.version, percent: step.percent });
      await watch(aws.side, desired.release.alarms, step.seconds, {
        clock: aws.clock,
        signal: options.signal,
      });
      await test(settings);
      return;
    }
    case 'move-alias':
      if (takeover === undefined) return;
      await finishTakeover(lasting, name, takeover, progress.version);
      takeover.isOpen = desired.release.alarms.length > 0;
      return;
    case 'watch-alarms':
      await watch(aws.side, step.alarms, step.seconds, { clock: aws.clock, signal: options.signal });
      // it has stood its test: what fails later is not the version's fault
      if (takeover !== undefined) takeover.isOpen = false;
      return;
    case 'end-shift': {
      const revisionId = takeover?.revisionId ?? '';
      await functions.moveAlias(aws, name, { version: step.version, revisionId });
      return;
    }
    case 'create-url':
      if (wantedUrl !== undefined) progress.url = await urls.createUrl(aws, name, wantedUrl);
      return;
    case 'update-url':
      if (wantedUrl !== undefined) progress.url = await urls.updateUrl(aws, name, wantedUrl);
      return;
    case 'delete-url':
      progress.url = undefined;
      return urls.deleteUrl(aws, name);
    case 'allow-url':
      return urls.allowPublicUrl(aws, name);
    case 'close-url':
      return urls.closePublicUrl(aws, name, step.statements);
  }
}

async function putPolicy(side: SideAccess, { ownRole }: DesiredFunction, arn: string): Promise<void> {
  if (ownRole !== undefined) await roles.putRolePolicy(side, ownRole.name, ownRole.policy(arn));
}
