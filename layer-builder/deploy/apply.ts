/** Applies a deployment plan, step by step, against Lambda. The one place that changes a function. */
import type { FunctionAccess } from '../aws/function-access.ts';
import * as urls from '../aws/function-urls.ts';
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
  arn: string;
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
    arn: actual?.arn ?? '',
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
      throw explain(error, desired.name, step.kind);
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
      progress.arn = await functions.createFunction(aws, name, settings, options.zip);
      return;
    case 'update-code':
      progress.revisionId = await functions.updateCode(aws, name, settings, options.zip, progress.revisionId);
      return;
    case 'update-configuration':
      progress.revisionId = await functions.updateConfiguration(aws, name, settings, progress.revisionId);
      return;
    case 'set-tags':
      return functions.setTags(aws, progress.arn, desired.tags, actual?.tags ?? {});
    case 'set-concurrency':
      return functions.setConcurrency(aws, name, desired.reservedConcurrency);
    case 'publish-version':
      progress.version = await functions.publishVersion(aws, name, settings.codeSha256);
      return;
    case 'smoke-test':
      progress.smoke = await smokeTest(aws, name, progress.version, options.smokePaths);
      return;
    case 'create-alias':
      return functions.createAlias(aws, name, progress.version);
    case 'move-alias': {
      const revisionId = actual?.live?.aliasRevisionId ?? '';
      return functions.moveAlias(aws, name, { version: progress.version, previous: step.from, revisionId });
    }
    case 'create-url':
      if (desired.url !== undefined) progress.url = await urls.createUrl(aws, name, desired.url);
      return;
    case 'update-url':
      if (desired.url !== undefined) progress.url = await urls.updateUrl(aws, name, desired.url);
      return;
    case 'delete-url':
      progress.url = undefined;
      return urls.deleteUrl(aws, name);
    case 'allow-url':
      return urls.allowPublicUrl(aws, name);
  }
}

/** One step in words; used for progress and for `--dry-run`. */
export function describeStep(step: DeployStep): string {
  switch (step.kind) {
    case 'update-code':
    case 'update-configuration':
    case 'set-tags':
    case 'set-concurrency':
    case 'update-url': {
      const changes = step.changes.map(
        change => `${change.setting} (${short(change.from)} → ${short(change.to)})`,
      );
      return `${step.kind.replace('-', ' ')}: ${changes.join(', ')}`;
    }
    case 'move-alias':
      return `move alias live away from version ${step.from}`;
    case 'create-url':
      return `create function URL, auth ${step.auth}`;
    default:
      return step.kind.replaceAll('-', ' ');
  }
}

function short(text: string): string {
  return text.length <= 40 ? text : `…${text.slice(-39)}`;
}

const conflicts = new Set(['PreconditionFailedException', 'ResourceConflictException']);

/** What Lambda answered, in our words; errors that are ours already pass. */
export function explain(error: unknown, name: string, step: DeployStep['kind']): unknown {
  if (error instanceof BuilderError || !(error instanceof Error)) return error;
  if (conflicts.has(error.name)) {
    return new BuilderError(
      'DEPLOY_CONFLICT',
      `${name} was changed by somebody else during this deployment (step: ${step})`,
      {
        hint: 'run the deployment again; it starts from what is there now',
        cause: error,
      },
    );
  }
  if ('$metadata' in error && '$fault' in error) {
    return new BuilderError(
      'DEPLOY_FAILED',
      `Lambda refused to ${step.replaceAll('-', ' ')} ${name}: ${error.message}`,
      {
        hint: 'mend what Lambda names and deploy again; steps already done are kept',
        details: { step: step, awsError: error.name },
        cause: error,
      },
    );
  }
  return error;
}
