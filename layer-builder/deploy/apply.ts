/** Applies a deployment plan, step by step, against Lambda. The one place that changes a function. */
import type { FunctionAccess } from '../aws/functions.ts';
import * as functions from '../aws/functions.ts';
import { BuilderError } from '../errors.ts';
import type { SmokeAnswer } from './smoke.ts';
import { smokeTest } from './smoke.ts';
import type { ActualFunction, DeployPlan, DeployStep, DesiredFunction } from './types.ts';

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
}

interface Progress {
  revisionId: string;
  version: string;
  url: string | undefined;
  smoke: readonly SmokeAnswer[];
}

/**
 * Carries out the steps in order and waits for each to take. The code goes before the configuration, the
 * alias last, so that callers see either the old version whole or the new one whole.
 *
 * Throws `DEPLOY_CONFLICT` when somebody else changed the function meanwhile, `SMOKE_FAILED` when the new
 * version does not answer, `DEPLOY_FAILED` when Lambda refuses a step.
 */
export async function applyDeploy(
  aws: FunctionAccess,
  plan: DeployPlan,
  desired: DesiredFunction,
  actual: ActualFunction | undefined,
  options: ApplyOptions,
): Promise<Deployed> {
  const progress: Progress = {
    revisionId: actual?.latest.revisionId ?? '',
    version: actual?.live?.version ?? '',
    url: actual?.url?.url,
    smoke: [],
  };
  for (const step of plan.steps) {
    options.progress(describeStep(step));
    try {
      await applyStep(aws, step, desired, actual, options, progress);
    } catch (error) {
      throw explain(error, desired.name, step);
    }
  }
  return { version: progress.version, url: progress.url, smoke: progress.smoke };
}

async function applyStep(
  aws: FunctionAccess,
  step: DeployStep,
  desired: DesiredFunction,
  actual: ActualFunction | undefined,
  options: ApplyOptions,
  progress: Progress,
): Promise<void> {
  const { name, settings } = desired;
  switch (step.kind) {
    case 'create-function':
      return functions.createFunction(aws, name, settings, options.zip);
    case 'update-code':
      progress.revisionId = await functions.updateCode(aws, name, settings, options.zip, progress.revisionId);
      return;
    case 'update-configuration':
      progress.revisionId = await functions.updateConfiguration(aws, name, settings, progress.revisionId);
      return;
    case 'publish-version':
      progress.version = await functions.publishVersion(aws, name, settings.codeSha256);
      return;
    case 'smoke-test':
      progress.smoke = await smokeTest(aws, name, progress.version, options.smokePaths);
      return;
    case 'create-alias':
      return functions.pointAlias(aws, name, progress.version);
    case 'move-alias':
      return functions.pointAlias(aws, name, progress.version, actual?.live?.aliasRevisionId);
    case 'create-url':
      progress.url = await functions.createUrl(aws, name, step.auth);
      return;
    case 'update-url':
      progress.url = await functions.updateUrl(aws, name, step.auth);
      return;
    case 'delete-url':
      progress.url = undefined;
      return functions.deleteUrl(aws, name);
    case 'allow-url':
      return functions.allowPublicUrl(aws, name);
  }
}

/** One step in words; used for progress and for `--dry-run`. */
export function describeStep(step: DeployStep): string {
  switch (step.kind) {
    case 'update-code':
    case 'update-configuration': {
      const changes = step.changes.map(
        change => `${change.setting} (${short(change.from)} → ${short(change.to)})`,
      );
      return `${step.kind.replace('-', ' ')}: ${changes.join(', ')}`;
    }
    case 'move-alias':
      return `move alias live away from version ${step.from}`;
    case 'create-url':
      return `create function URL, auth ${step.auth}`;
    case 'update-url':
      return `change function URL from auth ${step.from} to ${step.auth}`;
    default:
      return step.kind.replaceAll('-', ' ');
  }
}

function short(text: string): string {
  return text.length <= 40 ? text : `…${text.slice(-39)}`;
}

const conflicts = new Set(['PreconditionFailedException', 'ResourceConflictException']);

function explain(error: unknown, name: string, step: DeployStep): unknown {
  if (error instanceof BuilderError || !(error instanceof Error)) return error;
  if (conflicts.has(error.name)) {
    return new BuilderError(
      'DEPLOY_CONFLICT',
      `${name} was changed by somebody else during this deployment (step: ${step.kind})`,
      {
        hint: 'run the deployment again; it starts from what is there now',
        cause: error,
      },
    );
  }
  if ('$metadata' in error && '$fault' in error) {
    return new BuilderError(
      'DEPLOY_FAILED',
      `Lambda refused to ${step.kind.replaceAll('-', ' ')} ${name}: ${error.message}`,
      {
        hint: 'mend what Lambda names and deploy again; steps already done are kept',
        details: { step: step.kind, awsError: error.name },
        cause: error,
      },
    );
  }
  return error;
}
