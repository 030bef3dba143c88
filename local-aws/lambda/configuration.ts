/** A FunctionConfiguration: read from a request over what is there, and written as the API answers it. */
import { functionArn } from './arn.ts';
import { constraint, invalid, violation } from './errors.ts';
import { type Fields, integer, record, text, textRecord, texts } from './fields.ts';
import { attachLayers } from './layers.ts';
import type { State } from './lifecycle.ts';
import {
  checkEnvironment,
  checkHandler,
  checkRange,
  checkRole,
  checkRuntime,
  checkUnzipped,
} from './limits.ts';
import type { FunctionRecord, FunctionVersion } from './records.ts';
import { newRevision, type Service, timestamp } from './service.ts';

/** Fields that are kept and answered as they came; they change nothing here. */
const passedOn = [
  'VpcConfig',
  'DeadLetterConfig',
  'TracingConfig',
  'LoggingConfig',
  'SnapStart',
  'FileSystemConfigs',
  'KMSKeyArn',
];

/**
 * The configuration after a request: what it names is checked and replaced, the rest stays.
 * Throws `ValidationException`, `InvalidParameterValueException`, `SerializationException`.
 */
export function changed(service: Service, before: FunctionVersion, fields: Fields): FunctionVersion {
  const environment = record(fields, 'Environment');
  const storage = record(fields, 'EphemeralStorage');
  const layers = texts(fields, 'Layers');
  const role = text(fields, 'Role');
  const handler = text(fields, 'Handler');
  const runtime = text(fields, 'Runtime');
  const after: FunctionVersion = {
    ...before,
    description: text(fields, 'Description') ?? before.description,
    role: role === undefined ? before.role : usableRole(service, role),
    handler: handler === undefined ? before.handler : checkHandler(handler),
    runtime: runtime === undefined ? before.runtime : checkRuntime(runtime),
    memory: checkRange(integer(fields, 'MemorySize') ?? before.memory, 'memorySize', 128, 10_240),
    timeout: checkRange(integer(fields, 'Timeout') ?? before.timeout, 'timeout', 1, 900),
    storage: checkRange(
      (storage && integer(storage, 'Size')) ?? before.storage,
      'ephemeralStorage.size',
      512,
      10_240,
    ),
    environment: environment
      ? checkEnvironment(textRecord(environment, 'Variables') ?? {})
      : before.environment,
    layers: layers ? attachLayers(service, layers, before.layers) : before.layers,
    other: {
      ...before.other,
      ...Object.fromEntries(passedOn.filter(name => fields[name] != null).map(name => [name, fields[name]])),
    },
    lastModified: timestamp(),
    revisionId: newRevision(),
  };
  checkSizes(after);
  return after;
}

/** Lambda tries the role at once, and IAM tells it of a new one only after some seconds. */
function usableRole(service: Service, role: string): string {
  if (service.iam.isUsable(checkRole(role))) return role;
  throw invalid('The role defined for the function cannot be assumed by Lambda.');
}

/** One architecture, and one that is known. Throws `ValidationException`. */
export function readArchitecture(fields: Fields, otherwise: string): string {
  const given = checkArchitectures(texts(fields, 'Architectures') ?? [], 'architectures');
  if (given.length > 1) throw constraint(given, 'architectures', 'have length less than or equal to 1');
  return given[0] ?? otherwise;
}

export function checkArchitectures(given: readonly string[], at: string): readonly string[] {
  if (given.every(one => one === 'x86_64' || one === 'arm64')) return given;
  const rule = 'Member must satisfy enum value set: [x86_64, arm64]';
  throw violation(given, at, `Member must satisfy constraint: [${rule}, Member must not be null]`);
}

export function checkSizes({ code, layers }: FunctionVersion): void {
  checkUnzipped(
    code.unzipped,
    layers.reduce((sum, layer) => sum + layer.code.unzipped, 0),
  );
}

/** The form in lists: without the states and the runtime's version, which only the operations on one function answer. */
export function listedFormOf(...args: Parameters<typeof formOf>): Record<string, unknown> {
  const whole = Object.entries(formOf(...args));
  return Object.fromEntries(
    whole.filter(([name]) => !/^(State|LastUpdateStatus|RuntimeVersionConfig)/.test(name)),
  );
}

/** The answer's form of a version. `qualified` puts the version into the ARN, as lists of versions do. */
export function formOf(
  service: Service,
  function_: FunctionRecord,
  version: FunctionVersion,
  qualifier?: string,
): Record<string, unknown> {
  const logging = record(version.other, 'LoggingConfig') ?? {};
  const state: State =
    version.version === '$LATEST'
      ? service.lifecycles.state(function_.name)
      : { State: 'Active', LastUpdateStatus: 'Successful' };
  return {
    FunctionName: function_.name,
    FunctionArn: functionArn(service.place, function_.name, qualifier),
    Runtime: version.runtime,
    Role: version.role,
    Handler: version.handler,
    CodeSize: version.code.size,
    CodeSha256: Buffer.from(version.code.sha256, 'hex').toString('base64'),
    Description: version.description,
    Timeout: version.timeout,
    MemorySize: version.memory,
    LastModified: version.lastModified,
    Version: version.version,
    ...version.other,
    ...(Object.keys(version.environment).length > 0
      ? { Environment: { Variables: version.environment } }
      : {}),
    TracingConfig: version.other['TracingConfig'] ?? { Mode: 'PassThrough' },
    RevisionId: revisionIn(state, version),
    ...(version.layers.length > 0
      ? { Layers: version.layers.map(({ arn, code }) => ({ Arn: arn, CodeSize: code.size })) }
      : {}),
    PackageType: 'Zip',
    Architectures: [version.architecture],
    EphemeralStorage: { Size: version.storage },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    RuntimeVersionConfig: {
      RuntimeVersionArn: `arn:aws:lambda:${service.place.region}::runtime:${'0'.repeat(64)}`,
    },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${function_.name}`, ...logging },
    ...state,
  };
}

/** AWS renews the revision when a change begins and again when it has taken: what the change answered is no precondition. */
function revisionIn({ State, LastUpdateStatus }: State, { revisionId }: FunctionVersion): string {
  if (State !== 'Pending' && LastUpdateStatus !== 'InProgress') return revisionId;
  return `${revisionId.slice(0, -12)}${[...revisionId.slice(-12)].reverse().join('')}`;
}
