/** Ships the function: read → plan → apply → report. Used by deploy.ts and by the main job. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lockFileName, parseLock } from '../../artifact/lock.ts';
import { readFunction } from '../aws/function-read.ts';
import { readLogGroup } from '../aws/logs.ts';
import type { RoleState } from '../aws/roles.ts';
import { readRole } from '../aws/roles.ts';
import type { SideAccess } from '../aws/side-access.ts';
import { readConfig } from '../config.ts';
import { fail } from '../errors.ts';
import { packageFunction } from '../package/index.ts';
import type { DeployMode, FunctionConfig } from '../types.ts';
import type { DeployAccess } from './apply.ts';
import { applyDeploy } from './apply.ts';
import { checkedFunctionName, desiredFunction, requireObjects, settingsOfStage } from './desired.ts';
import { fillEnvironment } from './environment.ts';
import { planDeploy } from './plan.ts';
import { requireQuiet } from './release.ts';
import { roleDescription, roleName } from './role.ts';
import type { SmokeAnswer } from './smoke.ts';
import type { DeployPlan, DeployStep, VersionState } from './types.ts';

export interface DeployOptions {
  readonly stage: string;
  /** @default the configuration's */
  readonly mode?: DeployMode | undefined;
  readonly region: string;
  readonly dryRun: boolean;
  /** False leaves the new version untested. @default true */
  readonly smokeTest?: boolean;
  /** What the caller asks for besides the configuration. */
  readonly override?: Partial<Pick<FunctionConfig, 'createRole' | 'shift' | 'bake' | 'alarms'>>;
  /** Ends the watching of a new version, which is then taken back. */
  readonly signal?: AbortSignal | undefined;
  readonly progress: (line: string) => void;
}

export interface DeployReport {
  readonly functionName: string;
  readonly stage: string;
  readonly mode: DeployMode;
  readonly region: string;
  readonly dryRun: boolean;
  readonly code: { readonly bytes: number; readonly sha256: string };
  readonly steps: readonly DeployStep[];
  readonly smoke: readonly SmokeAnswer[];
  /** Version behind the live alias; empty when there is none yet (dry run). */
  readonly version: string;
  readonly url: string | undefined;
}

/**
 * Deploys the project's function for one stage. The same project, lock and settings change nothing.
 *
 * Throws `USAGE` for a stage that is no name, `BUILD_NOT_FOUND` without a lock, `NOT_PUBLISHED`,
 * `ENVIRONMENT_MISSING`, `ENVIRONMENT_TOO_LARGE`, `NOT_FOUND` and `ALARM_RAISED` for alarms before anything is
 * changed, and what applyDeploy throws.
 */
export async function deployProject(
  project: string,
  options: DeployOptions,
  aws: DeployAccess & { readonly fallbackRole: string | undefined },
  env: NodeJS.ProcessEnv,
): Promise<DeployReport> {
  const { stage, region } = options;
  const config = await readConfig(project);
  const name = checkedFunctionName(config, stage);
  const lock = readLock(project);
  const settings = { ...settingsOfStage(config, stage), ...options.override };
  const { mode = settings.mode } = options;
  if (mode !== 'layer') requireObjects(lock, region);
  const environment = fillEnvironment(settings.environment, env);
  const code = await packageFunction(project, { lock });
  const zip = readFileSync(code.path);
  const codeSha256 = createHash('sha256').update(zip).digest('base64');
  const actual = await readFunction(aws, name);
  requireCreated(name, stage, actual?.latest);
  const role =
    settings.role === undefined && settings.createRole ? await readOwnRole(aws, name, region) : undefined;
  const desired = desiredFunction({
    ...{ config, stage, mode, region, lock, settings, codeSha256, environment },
    fallbackRole: aws.fallbackRole,
    ownRoleArn: role?.arn,
    logGroup: actual?.latest.logGroup ?? `/aws/lambda/${name}`,
  });
  const logGroup = desired.logs && (await readLogGroup(aws.side, desired.logs.group));
  const around = { role, logGroup };
  const smokePaths = options.smokeTest === false ? [] : settings.smoke;
  const plan = withSmokePaths(planDeploy(desired, actual, around), smokePaths);
  if (plan.steps.some(({ kind }) => kind === 'move-alias')) await requireQuiet(aws.side, settings.alarms);
  const report = {
    functionName: desired.name,
    stage,
    mode,
    region,
    dryRun: options.dryRun,
    code: { bytes: code.size, sha256: code.sha256 },
    steps: plan.steps,
  };
  if (options.dryRun) {
    return { ...report, smoke: [], version: actual?.live?.version ?? '', url: actual?.url?.url };
  }
  const { progress, signal } = options;
  const deployed = await applyDeploy(aws, plan, desired, actual, around, {
    zip,
    smokePaths,
    progress,
    signal,
  });
  return { ...report, ...deployed };
}

/** Throws `DEPLOY_FAILED` for a function whose creation failed: Lambda takes no update of it. */
function requireCreated(name: string, stage: string, latest: VersionState | undefined): void {
  if (latest?.failure?.isCreation !== true) return;
  fail(
    'DEPLOY_FAILED',
    `Lambda could not create ${name} (expected state Active, found Failed: ${latest.failure.reason})`,
    { hint: `"layer-builder deploy destroy --stage ${stage} --yes" takes it away; then deploy again` },
  );
}

/** What the tests ask for; a test of no path would be a step that does nothing. */
function withSmokePaths(plan: DeployPlan, paths: readonly string[]): DeployPlan {
  const steps = plan.steps.flatMap((step): DeployStep[] => {
    if (step.kind !== 'smoke-test' && step.kind !== 'rehearse-s3') return [step];
    return paths.length === 0 ? [] : [{ ...step, paths }];
  });
  return { ...plan, steps };
}

/** The role that an earlier run made. Throws `DEPLOY_FAILED` when one of its name is somebody else's. */
async function readOwnRole(
  { side }: { readonly side: SideAccess },
  name: string,
  region: string,
): Promise<RoleState | undefined> {
  const role = await readRole(side, roleName(name, region));
  if (role === undefined || role.description === roleDescription(name)) return role;
  return fail(
    'DEPLOY_FAILED',
    `the role ${role.arn} is not ours (expected the description "${roleDescription(name)}", found "${role.description}")`,
    { hint: 'name it as function.role in the configuration, and leave createRole out' },
  );
}

/** An emulator on this machine takes any role; AWS needs a real one, so there is no default there. */
export function localRole(endpoint: string): string | undefined {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : '';
  return ['127.0.0.1', 'localhost', '[::1]'].includes(host)
    ? 'arn:aws:iam::000000000000:role/local'
    : undefined;
}

function readLock(project: string) {
  const file = path.join(project, lockFileName);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    fail('BUILD_NOT_FOUND', `there is no ${lockFileName} in the project`, {
      hint: 'run "layer-builder build" and "layer-builder publish" first',
      details: { expected: file },
      cause,
    });
  }
  return parseLock(text);
}
