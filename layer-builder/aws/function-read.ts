/** What a function, its alias, its URL and its versions are now. Changes nothing. */
import type { Cors, FunctionConfiguration } from '@aws-sdk/client-lambda';
import {
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import type { ActualFunction, VersionState } from '../deploy/types.ts';
import { liveAlias, previousIn, publicUrlStatements } from '../deploy/types.ts';
import { fail } from '../errors.ts';
import type { UrlCors } from '../types.ts';
import type { FunctionAccess } from './function-access.ts';
import { absent, run } from './function-access.ts';

/** What the function, its alias and its URL are now; undefined when there is no such function. */
export async function readFunction(aws: FunctionAccess, name: string): Promise<ActualFunction | undefined> {
  const { lambda } = aws;
  const present = await absent(
    run(aws, 'GetFunction', name, options =>
      lambda.send(new GetFunctionCommand({ FunctionName: name }), options),
    ),
  );
  if (present === undefined) return undefined;
  // an update still under way would answer ResourceConflictException to every change; one that failed can be mended
  const latest = await waitUntilSettled(aws, name);
  const at = { FunctionName: name, Qualifier: liveAlias };
  const [alias, live, url, policy] = await Promise.all([
    absent(
      run(aws, 'GetAlias', name, options =>
        lambda.send(new GetAliasCommand({ FunctionName: name, Name: liveAlias }), options),
      ),
    ),
    absent(
      run(aws, 'GetFunctionConfiguration', name, options =>
        lambda.send(new GetFunctionConfigurationCommand(at), options),
      ),
    ),
    absent(
      run(aws, 'GetFunctionUrlConfig', name, options =>
        lambda.send(new GetFunctionUrlConfigCommand(at), options),
      ),
    ),
    absent(run(aws, 'GetPolicy', name, options => lambda.send(new GetPolicyCommand(at), options))),
  ]);
  const weights = alias?.RoutingConfig?.AdditionalVersionWeights ?? {};
  return {
    latest: stateOf(latest),
    live:
      alias === undefined || live === undefined
        ? undefined
        : {
            ...stateOf(live),
            version: alias.FunctionVersion ?? '',
            aliasRevisionId: alias.RevisionId ?? '',
            weights,
          },
    previousVersion: previousIn(alias?.Description),
    url: url && { auth: url.AuthType ?? '', url: url.FunctionUrl ?? '', cors: corsOf(url.Cors) },
    publicStatements: publicUrlStatements.filter(id => policy?.Policy?.includes(`"${id}"`)),
    arn: present.Configuration?.FunctionArn ?? '',
    tags: present.Tags ?? {},
    reservedConcurrency: present.Concurrency?.ReservedConcurrentExecutions,
  };
}

/** `$LATEST` when nothing is in progress. */
export async function readLatest(aws: FunctionAccess, name: string): Promise<VersionState> {
  return stateOf(await waitUntilReady(aws, name));
}

/** One published version; undefined when it is not there. */
export async function readVersion(
  aws: FunctionAccess,
  name: string,
  version: string,
): Promise<VersionState | undefined> {
  const at = { FunctionName: name, Qualifier: version };
  const found = await absent(
    run(aws, 'GetFunctionConfiguration', name, options =>
      aws.lambda.send(new GetFunctionConfigurationCommand(at), options),
    ),
  );
  return found && stateOf(found);
}

/** Pages of 50 versions, oldest first; who has more than 2,000 of one function takes old ones away. */
const mostVersionPages = 40;

/** The published versions of a function, `$LATEST` aside. */
export async function listVersions(aws: FunctionAccess, name: string): Promise<readonly VersionState[]> {
  const versions: VersionState[] = [];
  let marker: string | undefined;
  for (let page = 0; page < mostVersionPages; page++) {
    const input = { FunctionName: name, MaxItems: 50, ...(marker ? { Marker: marker } : {}) };
    const answer = await run(aws, 'ListVersionsByFunction', name, options =>
      aws.lambda.send(new ListVersionsByFunctionCommand(input), options),
    );
    versions.push(...(answer.Versions ?? []).map(stateOf).filter(({ version }) => version !== '$LATEST'));
    marker = answer.NextMarker;
    if (marker === undefined) break;
  }
  return versions;
}

/** Longest wait for an update to take; AWS's own waiters give up after five minutes. */
const readyWithinMs = 300_000;

/**
 * Waits until the function is there and its last update has taken; answers what then holds.
 * Throws `DEPLOY_FAILED` when Lambda says that the update failed, or after five minutes.
 */
export async function waitUntilReady(
  aws: FunctionAccess,
  name: string,
  qualifier?: string,
): Promise<FunctionConfiguration> {
  const now = await waitUntilSettled(aws, name, qualifier);
  const failure = failureIn(now);
  if (failure === undefined) return now;
  return fail('DEPLOY_FAILED', `Lambda could not update ${name}: ${failure}`, {
    hint: 'mend the setting that Lambda names and deploy again',
  });
}

/**
 * Waits until nothing is in progress, whatever came of it. A function that nobody called for weeks is `Inactive`: that is
 * settled. Throws `DEPLOY_FAILED` after five minutes.
 */
async function waitUntilSettled(
  aws: FunctionAccess,
  name: string,
  qualifier?: string,
): Promise<FunctionConfiguration> {
  const until = performance.now() + readyWithinMs;
  const at = qualifier === undefined ? { FunctionName: name } : { FunctionName: name, Qualifier: qualifier };
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    const now = await run(aws, 'GetFunctionConfiguration', name, options =>
      aws.lambda.send(new GetFunctionConfigurationCommand(at), options),
    );
    if (now.State !== 'Pending' && now.LastUpdateStatus !== 'InProgress') return now;
    if (performance.now() > until) {
      const found = `${now.State} ${now.LastUpdateStatus}`;
      fail(
        'DEPLOY_FAILED',
        `${name} was not ready (expected within ${readyWithinMs / 1000} s, found ${found})`,
        {
          hint: 'look at the function in the Lambda console, then deploy again',
        },
      );
    }
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}

/** Lambda's reason when the creation or the last update failed. */
function failureIn(found: FunctionConfiguration): string | undefined {
  if (found.State !== 'Failed' && found.LastUpdateStatus !== 'Failed') return undefined;
  return found.LastUpdateStatusReason ?? found.StateReason ?? 'no reason given';
}

function stateOf(found: FunctionConfiguration): VersionState {
  const failure = failureIn(found);
  return {
    ...(failure === undefined ? {} : { failure: { isCreation: found.State === 'Failed', reason: failure } }),
    codeSha256: found.CodeSha256 ?? '',
    runtime: found.Runtime ?? '',
    architecture: found.Architectures?.[0] ?? 'x86_64',
    handler: found.Handler ?? '',
    role: found.Role ?? '',
    memory: found.MemorySize ?? 0,
    timeout: found.Timeout ?? 0,
    tmp: found.EphemeralStorage?.Size ?? 512,
    environment: found.Environment?.Variables ?? {},
    layers: (found.Layers ?? []).map(layer => layer.Arn ?? ''),
    tracing: found.TracingConfig?.Mode ?? 'PassThrough',
    version: found.Version ?? '',
    revisionId: found.RevisionId ?? '',
    logGroup: found.LoggingConfig?.LogGroup ?? `/aws/lambda/${found.FunctionName}`,
  };
}

/** AWS answers `Cors: {}` for a URL without CORS. */
function corsOf(cors: Cors | undefined): UrlCors | undefined {
  if (cors === undefined || Object.values(cors).every(value => value === undefined)) return undefined;
  return {
    ...(cors.AllowOrigins && { allowOrigins: cors.AllowOrigins }),
    ...(cors.AllowMethods && { allowMethods: cors.AllowMethods }),
    ...(cors.AllowHeaders && { allowHeaders: cors.AllowHeaders }),
    ...(cors.ExposeHeaders && { exposeHeaders: cors.ExposeHeaders }),
    ...(cors.MaxAge !== undefined && { maxAge: cors.MaxAge }),
    ...(cors.AllowCredentials !== undefined && { allowCredentials: cors.AllowCredentials }),
  };
}
