/** What can be done to a stage that is deployed: look at it, go back to the version before, take it away. */
import { isCodedError } from '../../artifact/error.ts';
import type { FunctionAccess } from '../aws/function-access.ts';
import { readFunction, readVersion } from '../aws/function-read.ts';
import { deleteFunction, moveAlias } from '../aws/functions.ts';
import { deleteRole, readRole } from '../aws/roles.ts';
import type { SideAccess } from '../aws/side-access.ts';
import { fail } from '../errors.ts';
import { explain } from './failures.ts';
import { roleDescription, roleName } from './role.ts';
import type { SmokeAnswer } from './smoke.ts';
import { smokeTest } from './smoke.ts';
import type { ActualFunction } from './types.ts';

export interface StageStatus {
  readonly functionName: string;
  readonly deployed: boolean;
  /** Version behind the live alias, and the one that a rollback goes back to. */
  readonly version: string | undefined;
  readonly previousVersion: string | undefined;
  /** Of the live version's code, base64. */
  readonly codeSha256: string | undefined;
  /** A version that gets a share of the calls, in percent, while it takes over. */
  readonly shifting: { readonly version: string; readonly percent: number } | undefined;
  readonly runtime: string | undefined;
  readonly architecture: string | undefined;
  readonly mode: string | undefined;
  readonly layers: readonly string[];
  readonly url: string | undefined;
  /** Lambda's reason, when the creation or the last update failed. */
  readonly failure: string | undefined;
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
    codeSha256: live?.codeSha256,
    shifting: live && shiftOf(live.weights),
    runtime: live?.runtime,
    architecture: live?.architecture,
    mode: live?.environment['DEPS_SOURCE'],
    layers: live?.layers ?? [],
    url: actual?.url?.url,
    failure: actual?.latest.failure?.reason,
  };
}

function shiftOf(weights: Readonly<Record<string, number>>): StageStatus['shifting'] {
  const [[version, share] = []] = Object.entries(weights);
  return version === undefined || share === undefined ? undefined : { version, percent: share * 100 };
}

export interface Rollback {
  readonly functionName: string;
  /** True when nothing was done but found out. */
  readonly dryRun: boolean;
  readonly from: string;
  readonly to: string;
  readonly smoke: readonly SmokeAnswer[];
}

/**
 * Points the live alias back at `to`, or at the version that was live before; a version that has only begun to take
 * over loses its share. A version holds code, lock and
 * layers together, so both go back at once and nothing is uploaded; it is tested before the alias moves.
 *
 * A dry run tests nothing and moves nothing.
 *
 * Throws `NOT_FOUND` when there is no such function or version, `SMOKE_FAILED` when the old version does not
 * answer any more (the alias stays), `DEPLOY_CONFLICT` when a deployment ran meanwhile.
 */
export async function rollbackStage(
  aws: FunctionAccess,
  functionName: string,
  to: string | undefined,
  smokePaths: readonly string[],
  dryRun = false,
): Promise<Rollback> {
  const actual = await readFunction(aws, functionName);
  const live = actual?.live;
  if (actual === undefined || live === undefined) {
    return fail('NOT_FOUND', `${functionName} is not deployed (expected an alias "live", found none)`, {
      hint: 'deploy it first',
    });
  }
  const { aliasRevisionId: revisionId } = live;
  const shifting = shiftOf(live.weights);
  if (to === undefined && shifting !== undefined) {
    if (!dryRun) await move(aws, functionName, { version: live.version, revisionId });
    return { functionName, dryRun, from: shifting.version, to: live.version, smoke: [] };
  }
  const target = to ?? previousOf(actual, functionName);
  if (target === live.version && shifting === undefined) {
    return fail(
      'NOT_FOUND',
      `nothing to go back to (expected another version than ${target} of ${functionName}, found it live already)`,
      { hint: 'name another version with --to' },
    );
  }
  const version = await readVersion(aws, functionName, target);
  if (version === undefined) {
    return fail('NOT_FOUND', `${functionName} has no such version (expected version ${target}, found none)`, {
      hint: 'name a version that exists with --to, or deploy an older commit',
    });
  }
  if (dryRun) return { functionName, dryRun, from: live.version, to: target, smoke: [] };
  const smoke = await smokeTest(
    aws,
    functionName,
    target,
    smokePaths,
    version.environment['DEPS_SOURCE'] ?? 'auto',
  );
  const previous = target === live.version ? undefined : live.version;
  await move(aws, functionName, { version: target, previous, revisionId });
  return { functionName, dryRun, from: live.version, to: target, smoke };
}

async function move(aws: FunctionAccess, name: string, to: Parameters<typeof moveAlias>[2]): Promise<void> {
  try {
    await moveAlias(aws, name, to);
  } catch (error) {
    throw explain(error, name, 'move-alias');
  }
}

export interface Destroyed {
  readonly functionName: string;
  /** True when nothing was done but found out. */
  readonly dryRun: boolean;
  /** Whether there was such a function. */
  readonly found: boolean;
  readonly deleted: boolean;
  /** The role, when the deployer had made it. */
  readonly role: string | undefined;
  /** Stays, with what it holds. */
  readonly logGroup: string | undefined;
}

/**
 * Deletes the function with versions, alias and URL, and the role if the deployer made it. Layers and objects stay:
 * other functions may use them. So does the log: it may be wanted more than the function.
 */
export async function destroyStage(
  aws: FunctionAccess & { readonly side: SideAccess },
  functionName: string,
  region: string,
  dryRun = false,
): Promise<Destroyed> {
  const actual = await readFunction(aws, functionName);
  const name = roleName(functionName, region);
  const isOurs = await isOwnRole(aws.side, name, actual, functionName);
  const deleted = !dryRun && (await deleteFunction(aws, functionName));
  if (isOurs && !dryRun) await deleteRole(aws.side, name);
  return {
    ...{ functionName, dryRun, found: actual !== undefined, deleted },
    role: isOurs ? name : undefined,
    logGroup: actual?.latest.logGroup,
  };
}

/** A run that was stopped may have left the role without its function; who may not see roles has made none. */
async function isOwnRole(
  side: SideAccess,
  name: string,
  actual: ActualFunction | undefined,
  functionName: string,
): Promise<boolean> {
  if (actual !== undefined && !actual.latest.role.endsWith(`/${name}`)) return false;
  try {
    return (await readRole(side, name))?.description === roleDescription(functionName);
  } catch (error) {
    if (actual === undefined && isCodedError(error) && error.code === 'ACCESS_DENIED') return false;
    throw error;
  }
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
