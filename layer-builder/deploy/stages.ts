/** What can be done to a stage that is deployed: look at it, go back to the version before, take it away. */
import type { FunctionAccess } from '../aws/function-access.ts';
import { readFunction, readVersion } from '../aws/function-read.ts';
import { deleteFunction, moveAlias } from '../aws/functions.ts';
import { fail } from '../errors.ts';
import { explain } from './apply.ts';
import type { SmokeAnswer } from './smoke.ts';
import { smokeTest } from './smoke.ts';
import type { ActualFunction } from './types.ts';

export interface StageStatus {
  readonly functionName: string;
  readonly deployed: boolean;
  /** Version behind the live alias, and the one that a rollback goes back to. */
  readonly version: string | undefined;
  readonly previousVersion: string | undefined;
  readonly runtime: string | undefined;
  readonly architecture: string | undefined;
  readonly mode: string | undefined;
  readonly layers: readonly string[];
  readonly url: string | undefined;
}

/** What is deployed for a stage; `deployed: false` when nothing is. */
export async function readStage(aws: FunctionAccess, functionName: string): Promise<StageStatus> {
  const actual = await readFunction(aws, functionName);
  const live = actual?.live;
  return {
    functionName,
    deployed: actual !== undefined,
    version: live?.version,
    previousVersion: actual?.previousVersion,
    runtime: live?.runtime,
    architecture: live?.architecture,
    mode: live?.environment['DEPS_SOURCE'],
    layers: live?.layers ?? [],
    url: actual?.url?.url,
  };
}

export interface Rollback {
  readonly functionName: string;
  readonly from: string;
  readonly to: string;
  readonly smoke: readonly SmokeAnswer[];
}

/**
 * Points the live alias back at `to`, or at the version that was live before. A version holds code, lock and
 * layers together, so both go back at once and nothing is uploaded; it is tested before the alias moves.
 *
 * Throws `NOT_FOUND` when there is no such function or version, `SMOKE_FAILED` when the old version does not
 * answer any more (the alias stays), `DEPLOY_CONFLICT` when a deployment ran meanwhile.
 */
export async function rollbackStage(
  aws: FunctionAccess,
  functionName: string,
  to: string | undefined,
  smokePaths: readonly string[],
): Promise<Rollback> {
  const actual = await readFunction(aws, functionName);
  const live = actual?.live;
  if (actual === undefined || live === undefined) {
    return fail('NOT_FOUND', `${functionName} is not deployed (expected an alias "live", found none)`, {
      hint: 'deploy it first',
    });
  }
  const target = to ?? previousOf(actual, functionName);
  if (target === live.version) {
    return fail('NOT_FOUND', `version ${target} of ${functionName} is live already`, {
      hint: 'name another version with --to',
    });
  }
  if ((await readVersion(aws, functionName, target)) === undefined) {
    return fail('NOT_FOUND', `${functionName} has no version ${target}`, {
      hint: 'name a version that exists with --to, or deploy an older commit',
    });
  }
  const smoke = await smokeTest(aws, functionName, target, smokePaths);
  try {
    const revisionId = live.aliasRevisionId;
    await moveAlias(aws, functionName, { version: target, previous: live.version, revisionId });
  } catch (error) {
    throw explain(error, functionName, 'move-alias');
  }
  return { functionName, from: live.version, to: target, smoke };
}

/** Deletes the function with versions, alias and URL. Layers and objects stay: other functions may use them. */
export async function destroyStage(aws: FunctionAccess, functionName: string): Promise<boolean> {
  return await deleteFunction(aws, functionName);
}

function previousOf(actual: ActualFunction, functionName: string): string {
  return (
    actual.previousVersion ??
    fail(
      'NOT_FOUND',
      `${functionName} remembers no version before ${actual.live?.version} (expected a former deployment, found the first)`,
      {
        hint: 'name a version with --to',
      },
    )
  );
}
