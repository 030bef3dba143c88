/** Lambda functions as the deployer needs them: read one whole, change one setting group, wait until it took. */
import type { FunctionConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionCommand,
  DeleteFunctionUrlConfigCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  InvokeCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import type { ActualFunction, FunctionSettings, UrlAuth, VersionState } from '../deploy/types.ts';
import { liveAlias, publicUrlStatements } from '../deploy/types.ts';
import { fail } from '../errors.ts';
import type { Caller, SendOptions } from './calls.ts';
import { nameOf } from './failures.ts';

/** A client and the caller that paces it and repeats what may be repeated. */
export interface FunctionAccess {
  readonly lambda: LambdaClient;
  readonly call: Caller;
}

/** What the function, its alias and its URL are now; undefined when there is no such function. */
export async function readFunction(aws: FunctionAccess, name: string): Promise<ActualFunction | undefined> {
  const present = await absent(
    run(aws, 'GetFunctionConfiguration', name, options =>
      aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }), options),
    ),
  );
  if (present === undefined) return undefined;
  // an update still under way would answer ResourceConflictException to every change
  const latest = await waitUntilReady(aws, name);
  const at = { FunctionName: name, Qualifier: liveAlias };
  const [alias, live, url, policy] = await Promise.all([
    absent(
      run(aws, 'GetAlias', name, options =>
        aws.lambda.send(new GetAliasCommand({ FunctionName: name, Name: liveAlias }), options),
      ),
    ),
    absent(
      run(aws, 'GetFunctionConfiguration', name, options =>
        aws.lambda.send(new GetFunctionConfigurationCommand(at), options),
      ),
    ),
    absent(
      run(aws, 'GetFunctionUrlConfig', name, options =>
        aws.lambda.send(new GetFunctionUrlConfigCommand(at), options),
      ),
    ),
    absent(run(aws, 'GetPolicy', name, options => aws.lambda.send(new GetPolicyCommand(at), options))),
  ]);
  return {
    latest: stateOf(latest),
    live:
      alias === undefined || live === undefined
        ? undefined
        : { ...stateOf(live), version: alias.FunctionVersion ?? '', aliasRevisionId: alias.RevisionId ?? '' },
    url: url && { auth: url.AuthType ?? '', url: url.FunctionUrl ?? '' },
    urlIsPublic: publicUrlStatements.every(id => policy?.Policy?.includes(`"${id}"`) ?? false),
  };
}

/** Creates the function with its code inline: a function package is far below the 50 MB of a direct upload. */
export async function createFunction(
  aws: FunctionAccess,
  name: string,
  settings: FunctionSettings,
  zip: Uint8Array,
) {
  await run(aws, 'CreateFunction', name, options =>
    aws.lambda.send(
      new CreateFunctionCommand({
        ...configurationOf(name, settings),
        Architectures: [settings.architecture],
        Code: { ZipFile: zip },
        PackageType: 'Zip',
      }),
      options,
    ),
  );
  await waitUntilReady(aws, name);
}

/**
 * Uploads the code. `revisionId` is the one the plan was made from: a change by somebody else in between
 * answers PreconditionFailedException and nothing is changed.
 */
export async function updateCode(
  aws: FunctionAccess,
  name: string,
  settings: FunctionSettings,
  zip: Uint8Array,
  revisionId: string,
) {
  await run(aws, 'UpdateFunctionCode', name, options =>
    aws.lambda.send(
      new UpdateFunctionCodeCommand({
        FunctionName: name,
        ZipFile: zip,
        Architectures: [settings.architecture],
        RevisionId: revisionId,
      }),
      options,
    ),
  );
  return (await waitUntilReady(aws, name)).RevisionId ?? '';
}

export async function updateConfiguration(
  aws: FunctionAccess,
  name: string,
  settings: FunctionSettings,
  revisionId: string,
) {
  await run(aws, 'UpdateFunctionConfiguration', name, options =>
    aws.lambda.send(
      new UpdateFunctionConfigurationCommand({ ...configurationOf(name, settings), RevisionId: revisionId }),
      options,
    ),
  );
  return (await waitUntilReady(aws, name)).RevisionId ?? '';
}

/** Publishes `$LATEST`; Lambda answers with the newest version when nothing changed since. */
export async function publishVersion(aws: FunctionAccess, name: string, codeSha256: string): Promise<string> {
  const answer = await run(aws, 'PublishVersion', name, options =>
    aws.lambda.send(new PublishVersionCommand({ FunctionName: name, CodeSha256: codeSha256 }), options),
  );
  const version = answer.Version ?? '';
  await waitUntilReady(aws, name, version);
  return version;
}

/** Points the live alias at a version; `revisionId` guards against a deployment that ran meanwhile. */
export async function pointAlias(aws: FunctionAccess, name: string, version: string, revisionId?: string) {
  const input = { FunctionName: name, Name: liveAlias, FunctionVersion: version };
  if (revisionId === undefined)
    await run(aws, 'CreateAlias', name, options => aws.lambda.send(new CreateAliasCommand(input), options));
  else
    await run(aws, 'UpdateAlias', name, options =>
      aws.lambda.send(new UpdateAliasCommand({ ...input, RevisionId: revisionId }), options),
    );
}

export async function createUrl(aws: FunctionAccess, name: string, auth: UrlAuth): Promise<string> {
  const input = { FunctionName: name, Qualifier: liveAlias, AuthType: auth };
  return (
    (
      await run(aws, 'CreateFunctionUrlConfig', name, options =>
        aws.lambda.send(new CreateFunctionUrlConfigCommand(input), options),
      )
    ).FunctionUrl ?? ''
  );
}

export async function updateUrl(aws: FunctionAccess, name: string, auth: UrlAuth): Promise<string> {
  const input = { FunctionName: name, Qualifier: liveAlias, AuthType: auth };
  return (
    (
      await run(aws, 'UpdateFunctionUrlConfig', name, options =>
        aws.lambda.send(new UpdateFunctionUrlConfigCommand(input), options),
      )
    ).FunctionUrl ?? ''
  );
}

export async function deleteUrl(aws: FunctionAccess, name: string) {
  await absent(
    run(aws, 'DeleteFunctionUrlConfig', name, options =>
      aws.lambda.send(
        new DeleteFunctionUrlConfigCommand({ FunctionName: name, Qualifier: liveAlias }),
        options,
      ),
    ),
  );
}

/**
 * Lets anyone call the function URL. Since October 2025 that takes two statements: the URL and, through it,
 * the function. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
export async function allowPublicUrl(aws: FunctionAccess, name: string) {
  const at = { FunctionName: name, Qualifier: liveAlias, Principal: '*' };
  for (const statement of [
    { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE', StatementId: publicUrlStatements[0] },
    { Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true, StatementId: publicUrlStatements[1] },
  ] as const) {
    try {
      await run(aws, 'AddPermission', name, options =>
        aws.lambda.send(new AddPermissionCommand({ ...at, ...statement }), options),
      );
    } catch (error) {
      // an earlier run that stopped between the two statements left the first one
      if (nameOf(error) !== 'ResourceConflictException') throw error;
    }
  }
}

export async function deleteFunction(aws: FunctionAccess, name: string): Promise<boolean> {
  return (
    (await absent(
      run(aws, 'DeleteFunction', name, options =>
        aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }), options),
      ),
    )) !== undefined
  );
}

export interface InvokeAnswer {
  readonly functionError: string | undefined;
  readonly payload: unknown;
}

export async function invokeVersion(
  aws: FunctionAccess,
  name: string,
  version: string,
  event: unknown,
): Promise<InvokeAnswer> {
  const answer = await run(aws, 'Invoke', name, options =>
    aws.lambda.send(
      new InvokeCommand({
        FunctionName: name,
        Qualifier: version,
        Payload: Buffer.from(JSON.stringify(event)),
      }),
      options,
    ),
  );
  const text = Buffer.from(answer.Payload ?? []).toString();
  return { functionError: answer.FunctionError, payload: text === '' ? undefined : JSON.parse(text) };
}

/** Longest wait for an update to take; AWS's own waiters give up after five minutes. */
const readyWithinMs = 300_000;

/**
 * Waits until the function is active and its last update has taken; answers what then holds.
 * Throws `DEPLOY_FAILED` when Lambda says that the update failed, or after five minutes.
 */
async function waitUntilReady(
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
    if (now.State === 'Failed' || now.LastUpdateStatus === 'Failed') {
      fail(
        'DEPLOY_FAILED',
        `Lambda could not update ${name}: ${now.LastUpdateStatusReason ?? now.StateReason ?? 'no reason given'}`,
        {
          hint: 'mend the setting that Lambda names and deploy again',
        },
      );
    }
    if (now.State === 'Active' && now.LastUpdateStatus !== 'InProgress') return now;
    if (performance.now() > until) {
      fail(
        'DEPLOY_FAILED',
        `${name} was not ready (expected within ${readyWithinMs / 1000} s, found ${now.State} ${now.LastUpdateStatus})`,
        {
          hint: 'look at the function in the Lambda console, then deploy again',
        },
      );
    }
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}

function configurationOf(name: string, settings: FunctionSettings) {
  return {
    FunctionName: name,
    Runtime: settings.runtime,
    Handler: settings.handler,
    Role: settings.role,
    MemorySize: settings.memory,
    Timeout: settings.timeout,
    EphemeralStorage: { Size: settings.tmp },
    Environment: { Variables: { ...settings.environment } },
    Layers: [...settings.layers],
  };
}

function stateOf(found: FunctionConfiguration): VersionState {
  return {
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
    version: found.Version ?? '',
    revisionId: found.RevisionId ?? '',
  };
}

/** Errors that are answers here: nothing there, somebody else was faster. They arrive as AWS sent them. */
const answers = new Set([
  'ResourceNotFoundException',
  'ResourceConflictException',
  'PreconditionFailedException',
  'InvalidParameterValueException',
]);

function run<Answer>(
  aws: FunctionAccess,
  action: string,
  name: string,
  send: (options: SendOptions) => Promise<Answer>,
): Promise<Answer> {
  // an invocation may take as long as the function's own time-out, 15 minutes at most
  const timeoutMs = action === 'Invoke' ? 900_000 : 30_000;
  const expected = (error: unknown) => answers.has(nameOf(error));
  return aws.call({ action: `lambda:${action}`, resource: name, timeoutMs, expected }, send);
}

async function absent<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (nameOf(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
