/** Lambda functions as the deployer changes them: one setting group a call, and a wait until it took. */
import { isDeepStrictEqual } from 'node:util';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  GetAliasCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  TagResourceCommand,
  type TracingMode,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { FunctionSettings } from '../deploy/types.ts';
import { liveAlias, rememberPrevious } from '../deploy/types.ts';
import type { SendOptions } from './calls.ts';
import type { FunctionAccess } from './function-access.ts';
import { absent, run } from './function-access.ts';
import { waitUntilReady } from './function-read.ts';
import { systemClock } from './pace.ts';

/**
 * Creates the function with its code inline: a function package is far below the 50 MB of a direct upload.
 * Answers its ARN and revision.
 */
export async function createFunction(
  aws: FunctionAccess,
  name: string,
  settings: FunctionSettings,
  zip: Uint8Array,
): Promise<{ readonly arn: string; readonly revisionId: string }> {
  const input = {
    ...configurationOf(name, settings),
    Architectures: [settings.architecture],
    Code: { ZipFile: zip },
    PackageType: 'Zip' as const,
  };
  await untilAssumable(aws, () =>
    run(aws, 'CreateFunction', name, options => aws.lambda.send(new CreateFunctionCommand(input), options)),
  );
  const made = await waitUntilReady(aws, name);
  return { arn: made.FunctionArn ?? '', revisionId: made.RevisionId ?? '' };
}

/** Longest wait for Lambda to hear of a role that was made a moment ago; mostly it is 5 to 10 s. */
const assumableWithinMs = 60_000;

/** Repeats while Lambda says that it cannot assume the role: IAM tells everybody, but not at once. */
async function untilAssumable<Answer>(
  { clock = systemClock }: FunctionAccess,
  change: () => Promise<Answer>,
): Promise<Answer> {
  const until = clock.now() + assumableWithinMs;
  for (let pause = 200; ; pause = Math.min(pause * 2, 5000)) {
    try {
      return await change();
    } catch (error) {
      const isNew = error instanceof Error && /cannot be assumed by Lambda/.test(error.message);
      if (!isNew || clock.now() > until) throw error;
    }
    await clock.sleep(pause);
  }
}

/**
 * Uploads the code and answers the new revision. `revisionId` is the one the plan was made from: a change by
 * somebody else in between answers PreconditionFailedException and nothing is changed.
 */
export async function updateCode(
  aws: FunctionAccess,
  name: string,
  settings: FunctionSettings,
  zip: Uint8Array,
  revisionId: string,
): Promise<string> {
  const input = {
    FunctionName: name,
    ZipFile: zip,
    Architectures: [settings.architecture],
    RevisionId: revisionId,
  };
  await run(aws, 'UpdateFunctionCode', name, options =>
    aws.lambda.send(new UpdateFunctionCodeCommand(input), options),
  );
  return (await waitUntilReady(aws, name)).RevisionId ?? '';
}

/** Everything but the code; answers the new revision. `revisionId` as in updateCode. */
export async function updateConfiguration(
  aws: FunctionAccess,
  name: string,
  settings: FunctionSettings,
  revisionId: string,
): Promise<string> {
  const input = { ...configurationOf(name, settings), RevisionId: revisionId };
  await untilAssumable(aws, () =>
    run(aws, 'UpdateFunctionConfiguration', name, options =>
      aws.lambda.send(new UpdateFunctionConfigurationCommand(input), options),
    ),
  );
  return (await waitUntilReady(aws, name)).RevisionId ?? '';
}

/**
 * Publishes `$LATEST`; Lambda answers with the newest version when nothing changed since. `revisionId` as in
 * updateCode: what somebody else changed meanwhile is not published.
 */
export async function publishVersion(
  aws: FunctionAccess,
  name: string,
  codeSha256: string,
  revisionId: string,
): Promise<string> {
  const input = { FunctionName: name, CodeSha256: codeSha256, RevisionId: revisionId };
  const answer = await run(aws, 'PublishVersion', name, options =>
    aws.lambda.send(new PublishVersionCommand(input), options),
  );
  const version = answer.Version ?? '';
  await waitUntilReady(aws, name, version);
  return version;
}

export async function createAlias(aws: FunctionAccess, name: string, version: string): Promise<void> {
  const input = { FunctionName: name, Name: liveAlias, FunctionVersion: version };
  await run(aws, 'CreateAlias', name, options => aws.lambda.send(new CreateAliasCommand(input), options));
}

export interface AliasTarget {
  readonly version: string;
  /** The version to remember for a rollback; undefined keeps what is remembered, `''` forgets it. */
  readonly previous?: string | undefined;
  /** Shares, 0 to 1, of other versions. @default none: the version gets every call */
  readonly weights?: Readonly<Record<string, number>>;
  /** Guards against a deployment that ran meanwhile. */
  readonly revisionId: string;
}

/** Points the live alias at a version, wholly or with a share for another one; answers the new revision. */
export async function moveAlias(aws: FunctionAccess, name: string, to: AliasTarget): Promise<string> {
  const input = {
    FunctionName: name,
    Name: liveAlias,
    FunctionVersion: to.version,
    ...(to.previous === undefined ? {} : { Description: rememberPrevious(to.previous) }),
    // an empty record takes shares away; leaving it out would keep them
    RoutingConfig: { AdditionalVersionWeights: { ...to.weights } },
    RevisionId: to.revisionId,
  };
  const send = (options: SendOptions) => aws.lambda.send(new UpdateAliasCommand(input), options);
  // sent again after its answer was lost, it would look like somebody else's move
  const recover = async () => {
    const at = { FunctionName: name, Name: liveAlias };
    const now = await run(aws, 'GetAlias', name, options =>
      aws.lambda.send(new GetAliasCommand(at), options),
    );
    const weights = now.RoutingConfig?.AdditionalVersionWeights ?? {};
    const isMoved =
      now.RevisionId !== to.revisionId &&
      now.FunctionVersion === to.version &&
      isDeepStrictEqual(weights, { ...to.weights });
    return isMoved ? now : undefined;
  };
  return (await run(aws, 'UpdateAlias', name, send, { recover })).RevisionId ?? '';
}

/** Deletes one published version that no alias points to; one that is not there counts as deleted. */
export async function deleteVersion(aws: FunctionAccess, name: string, version: string): Promise<void> {
  const at = { FunctionName: name, Qualifier: version };
  await absent(
    run(aws, 'DeleteFunction', name, options => aws.lambda.send(new DeleteFunctionCommand(at), options)),
  );
}

/** Sets the tags of `wanted` and removes those of `present` that are not wanted, except AWS's own. */
export async function setTags(
  aws: FunctionAccess,
  arn: string,
  wanted: Readonly<Record<string, string>>,
  present: Readonly<Record<string, string>>,
): Promise<void> {
  const unwanted = Object.keys(present).filter(tag => wanted[tag] === undefined && !tag.startsWith('aws:'));
  await run(aws, 'TagResource', arn, options =>
    aws.lambda.send(new TagResourceCommand({ Resource: arn, Tags: { ...wanted } }), options),
  );
  if (unwanted.length === 0) return;
  await run(aws, 'UntagResource', arn, options =>
    aws.lambda.send(new UntagResourceCommand({ Resource: arn, TagKeys: unwanted }), options),
  );
}

/** `executions` are set aside for the function; undefined gives them back to the account. */
export async function setConcurrency(
  aws: FunctionAccess,
  name: string,
  executions: number | undefined,
): Promise<void> {
  const at = { FunctionName: name };
  if (executions === undefined) {
    await run(aws, 'DeleteFunctionConcurrency', name, options =>
      aws.lambda.send(new DeleteFunctionConcurrencyCommand(at), options),
    );
    return;
  }
  const input = { ...at, ReservedConcurrentExecutions: executions };
  await run(aws, 'PutFunctionConcurrency', name, options =>
    aws.lambda.send(new PutFunctionConcurrencyCommand(input), options),
  );
}

/** Deletes the function with its versions, aliases and URL; false when there was none. */
export async function deleteFunction(aws: FunctionAccess, name: string): Promise<boolean> {
  const deleted = await absent(
    run(aws, 'DeleteFunction', name, options =>
      aws.lambda.send(new DeleteFunctionCommand({ FunctionName: name }), options),
    ),
  );
  return deleted !== undefined;
}

export interface InvokeAnswer {
  readonly functionError: string | undefined;
  readonly payload: unknown;
}

/** An invocation may take as long as the longest time-out of a function, 15 minutes. */
const invokeMs = 900_000;

export async function invokeVersion(
  aws: FunctionAccess,
  name: string,
  version: string,
  event: unknown,
): Promise<InvokeAnswer> {
  const input = { FunctionName: name, Qualifier: version, Payload: Buffer.from(JSON.stringify(event)) };
  const answer = await run(
    aws,
    'InvokeFunction',
    name,
    options => aws.lambda.send(new InvokeCommand(input), options),
    { timeoutMs: invokeMs },
  );
  const text = Buffer.from(answer.Payload ?? []).toString();
  return { functionError: answer.FunctionError, payload: text === '' ? undefined : JSON.parse(text) };
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
    TracingConfig: { Mode: settings.tracing as TracingMode },
  };
}
