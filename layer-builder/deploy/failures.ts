/** What AWS answered to a step, in our words. Pure. */
import { BuilderError } from '../errors.ts';
import type { DeployStep } from './types.ts';

const conflicts = new Set(['PreconditionFailedException', 'ResourceConflictException']);

/** Errors that are ours pass, except that a call of a deployment did not fail to publish. */
export function explain(error: unknown, name: string, step: DeployStep['kind']): unknown {
  if (error instanceof BuilderError && error.code === 'PUBLISH_FAILED') {
    return new BuilderError('DEPLOY_FAILED', error.message, {
      ...{ hint: 'mend what AWS names and deploy again; steps already done are kept', cause: error },
      details: { ...error.details, step },
    });
  }
  if (error instanceof BuilderError || !(error instanceof Error)) return error;
  if (conflicts.has(error.name)) {
    return new BuilderError(
      'DEPLOY_CONFLICT',
      `${name} was changed by somebody else during this deployment (expected what it was planned from, found another revision; step: ${step})`,
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
