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

/** What the function, its alias and its URL are now; undefined when there is no such function. */
export async function readFunction(client: LambdaClient, name: string): Promise<ActualFunction | undefined> {
  const present = await absent(client.send(new GetFunctionConfigurationCommand({ FunctionName: name })));
  if (present === undefined) return undefined;
  // an update still under way would answer ResourceConflictException to every change
  const latest = await waitUntilReady(client, name);
  const at = { FunctionName: name, Qualifier: liveAlias };
  const [alias, live, url, policy] = await Promise.all([
    absent(client.send(new GetAliasCommand({ FunctionName: name, Name: liveAlias }))),
    absent(client.send(new GetFunctionConfigurationCommand(at))),
    absent(client.send(new GetFunctionUrlConfigCommand(at))),
    absent(client.send(new GetPolicyCommand(at))),
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
  client: LambdaClient,
  name: string,
  settings: FunctionSettings,
  zip: Uint8Array,
) {
  await client.send(
    new CreateFunctionCommand({
      ...configurationOf(name, settings),
      Architectures: [settings.architecture],
      Code: { ZipFile: zip },
      PackageType: 'Zip',
    }),
  );
  await waitUntilReady(client, name);
}

/**
 * Uploads the code. `revisionId` is the one the plan was made from: a change by somebody else in between
 * answers PreconditionFailedException and nothing is changed.
 */
export async function updateCode(
  client: LambdaClient,
  name: string,
  settings: FunctionSettings,
  zip: Uint8Array,
  revisionId: string,
) {
  await client.send(
    new UpdateFunctionCodeCommand({
      FunctionName: name,
      ZipFile: zip,
      Architectures: [settings.architecture],
      RevisionId: revisionId,
    }),
  );
  return (await waitUntilReady(client, name)).RevisionId ?? '';
}

export async function updateConfiguration(
  client: LambdaClient,
  name: string,
  settings: FunctionSettings,
  revisionId: string,
) {
  await client.send(
    new UpdateFunctionConfigurationCommand({ ...configurationOf(name, settings), RevisionId: revisionId }),
  );
  return (await waitUntilReady(client, name)).RevisionId ?? '';
}

/** Publishes `$LATEST`; Lambda answers with the newest version when nothing changed since. */
export async function publishVersion(
  client: LambdaClient,
  name: string,
  codeSha256: string,
): Promise<string> {
  const answer = await client.send(new PublishVersionCommand({ FunctionName: name, CodeSha256: codeSha256 }));
  const version = answer.Version ?? '';
  await waitUntilReady(client, name, version);
  return version;
}

/** Points the live alias at a version; `revisionId` guards against a deployment that ran meanwhile. */
export async function pointAlias(client: LambdaClient, name: string, version: string, revisionId?: string) {
  const input = { FunctionName: name, Name: liveAlias, FunctionVersion: version };
  if (revisionId === undefined) await client.send(new CreateAliasCommand(input));
  else await client.send(new UpdateAliasCommand({ ...input, RevisionId: revisionId }));
}

export async function createUrl(client: LambdaClient, name: string, auth: UrlAuth): Promise<string> {
  const input = { FunctionName: name, Qualifier: liveAlias, AuthType: auth };
  return (await client.send(new CreateFunctionUrlConfigCommand(input))).FunctionUrl ?? '';
}

export async function updateUrl(client: LambdaClient, name: string, auth: UrlAuth): Promise<string> {
  const input = { FunctionName: name, Qualifier: liveAlias, AuthType: auth };
  return (await client.send(new UpdateFunctionUrlConfigCommand(input))).FunctionUrl ?? '';
}

export async function deleteUrl(client: LambdaClient, name: string) {
  await absent(client.send(new DeleteFunctionUrlConfigCommand({ FunctionName: name, Qualifier: liveAlias })));
}

/**
 * Lets anyone call the function URL. Since October 2025 that takes two statements: the URL and, through it,
 * the function. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
export async function allowPublicUrl(client: LambdaClient, name: string) {
  const at = { FunctionName: name, Qualifier: liveAlias, Principal: '*' };
  for (const statement of [
    { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE', StatementId: publicUrlStatements[0] },
    { Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true, StatementId: publicUrlStatements[1] },
  ] as const) {
    try {
      await client.send(new AddPermissionCommand({ ...at, ...statement }));
    } catch (error) {
      // an earlier run that stopped between the two statements left the first one
      if (!(error instanceof Error && error.name === 'ResourceConflictException')) throw error;
    }
  }
}

export async function deleteFunction(client: LambdaClient, name: string): Promise<boolean> {
  return (await absent(client.send(new DeleteFunctionCommand({ FunctionName: name })))) !== undefined;
}

export interface InvokeAnswer {
  readonly functionError: string | undefined;
  readonly payload: unknown;
}

export async function invokeVersion(
  client: LambdaClient,
  name: string,
  version: string,
  event: unknown,
): Promise<InvokeAnswer> {
  const answer = await client.send(
    new InvokeCommand({
      FunctionName: name,
      Qualifier: version,
      Payload: Buffer.from(JSON.stringify(event)),
    }),
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
  client: LambdaClient,
  name: string,
  qualifier?: string,
): Promise<FunctionConfiguration> {
  const until = performance.now() + readyWithinMs;
  const at = qualifier === undefined ? { FunctionName: name } : { FunctionName: name, Qualifier: qualifier };
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    const now = await client.send(new GetFunctionConfigurationCommand(at));
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

async function absent<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
