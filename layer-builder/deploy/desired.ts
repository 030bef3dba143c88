/** Pure: configuration, lock and function package → the function that is wanted. */
import type { Lock } from '../../artifact/lock.ts';
import { stagePattern } from '../config/rules.ts';
import { fail } from '../errors.ts';
import { layersLimit, unpackedLimit } from '../plan/limits.ts';
import type { Config, DeployMode, FunctionConfig } from '../types.ts';
import type { OwnRole } from './role.ts';
import { ownRole } from './role.ts';
import type { DesiredFunction } from './types.ts';

export interface DesiredInput {
  readonly config: Config;
  readonly stage: string;
  readonly mode: DeployMode;
  readonly region: string;
  readonly lock: Lock;
  /** Base64 SHA-256 of the function package. */
  readonly codeSha256: string;
  /** Environment of the configuration with its references filled in. */
  readonly environment: Readonly<Record<string, string>>;
  /** Role for a configuration without one; undefined where only a real one will do. */
  readonly fallbackRole: string | undefined;
  /** The stage's settings, with what the caller asked for besides. */
  readonly settings: FunctionConfig;
  /** ARN of the role of our own; undefined while it is not there. */
  readonly ownRoleArn?: string | undefined;
  /** Group that the function writes its log to. */
  readonly logGroup: string;
}

/** The settings of a stage: the stage's own where it has one, else the function's. The environment is merged. */
export function settingsOfStage(config: Config, stage: string): FunctionConfig {
  const own = config.stages[stage] ?? {};
  return {
    ...config.function,
    ...own,
    environment: { ...config.function.environment, ...own.environment },
    tags: { ...config.function.tags, ...own.tags },
    url: mergedUrl(config.function.url, own.url),
  };
}

function mergedUrl(
  url: FunctionConfig['url'],
  own: FunctionConfig['url'] | undefined,
): FunctionConfig['url'] {
  if (own === undefined || own === false || url === false) return own ?? url;
  return { ...url, ...own };
}

/**
 * The function `{service}__{stage}`. Layers are attached in modes `layer` and `auto`, in lock order.
 *
 * Throws `NOT_PUBLISHED` when the lock has not been published to the region in the way the mode needs,
 * `DEPLOY_FAILED` when there is no role, `LAYER_LIMIT` above Lambda's five layers.
 */
export function desiredFunction(input: DesiredInput): DesiredFunction {
  const { config, stage, mode, lock, settings, logGroup: group } = input;
  const name = functionName(config, stage);
  const own = settings.role === undefined && settings.createRole ? ownRoleOf(input, name) : undefined;
  const role = own === undefined ? (settings.role ?? input.fallbackRole) : (input.ownRoleArn ?? '');
  if (role === undefined) {
    fail(
      'DEPLOY_FAILED',
      `stage ${stage} has no role (expected function.role in the configuration, found nothing)`,
      {
        hint: 'set function.role to the ARN of an execution role, or let --create-role make one with the least that it needs',
      },
    );
  }
  return {
    name,
    settings: {
      codeSha256: input.codeSha256,
      runtime: lock.runtime,
      architecture: lock.architecture,
      handler: 'index.handler',
      role,
      memory: settings.memory,
      timeout: settings.timeout,
      tmp: settings.tmp,
      environment: { ...input.environment, DEPS_SOURCE: mode },
      layers: mode === 's3' ? [] : layersOf(input),
      tracing: settings.tracing,
    },
    url: settings.url === false ? undefined : { auth: settings.url.auth ?? 'NONE', cors: settings.url.cors },
    tags: { 'layer-builder:service': config.service, 'layer-builder:stage': stage, ...settings.tags },
    reservedConcurrency: settings.reservedConcurrency,
    ownRole: own,
    // a role of our own may not make the group
    logs:
      settings.logRetention === undefined && own === undefined
        ? undefined
        : { group, retentionDays: settings.logRetention },
    release: { shift: settings.shift, bake: settings.bake, alarms: settings.alarms },
  };
}

export function functionName(config: Pick<Config, 'service'>, stage: string): string {
  return `${config.service}__${stage}`;
}

/** Longest name of a function. https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const longestName = 64;

/** The name of a stage's function. Throws `USAGE` for a stage that cannot be part of it, and when it is too long. */
export function checkedFunctionName(config: Pick<Config, 'service'>, stage: string): string {
  checkStage(stage);
  const name = functionName(config, stage);
  if (name.length <= longestName) return name;
  return fail(
    'USAGE',
    `the name of the function is too long (expected at most ${longestName} characters, found ${name.length}: ${name})`,
    { hint: 'shorten "service" in the configuration, or the stage' },
  );
}

/** Throws `USAGE` for a stage that cannot be part of a function's name. */
export function checkStage(stage: string): void {
  if (stagePattern.test(stage)) return;
  fail('USAGE', `"${stage}" is no stage (expected letters, digits and -, at most 32)`, {
    hint: 'for example: --stage dev',
  });
}

function ownRoleOf({ region, lock, logGroup, settings }: DesiredInput, name: string): OwnRole {
  const isTraced = settings.tracing === 'Active';
  const { environment } = settings;
  return ownRole({ functionName: name, region, lock, logGroup, environment, isTraced });
}

function layersOf({ config, lock, region, mode }: DesiredInput): string[] {
  const kept = new Set(config.artifacts.filter(artifact => !artifact.layer).map(artifact => artifact.name));
  const outside = lock.artifacts.find(artifact => kept.has(artifact.name));
  if (outside !== undefined && mode === 'layer') {
    fail('LAYER_LIMIT', `artifact ${outside.name} is kept out of the layers, and mode layer needs it there`, {
      hint: 'deploy with --mode auto, or remove "layer": false of the artifact in the configuration',
      details: { artifact: outside.name, mode },
    });
  }
  const attached = lock.artifacts.filter(artifact => !kept.has(artifact.name));
  const unpacked = attached.reduce((sum, artifact) => sum + artifact.unpackedSize, 0);
  if (unpacked > unpackedLimit) {
    fail(
      'LAYER_LIMIT',
      `the layers are too large together (expected at most ${unpackedLimit} bytes unpacked, found ${unpacked})`,
      {
        hint: 'run "layer-builder plan": it proposes a split that fits; or deploy with --mode s3',
        details: { expectedBytes: unpackedLimit, foundBytes: unpacked },
      },
    );
  }
  const layers = attached.map(
    artifact =>
      artifact.published[region]?.layerVersionArn ??
      fail('NOT_PUBLISHED', `artifact ${artifact.name} has no layer in ${region}, which mode ${mode} needs`, {
        hint: `run "layer-builder publish --bucket BUCKET --regions ${region}" first`,
        details: { artifact: artifact.name, region, mode },
      }),
  );
  if (layers.length > layersLimit) {
    fail('LAYER_LIMIT', `too many layers (expected at most ${layersLimit}, found ${layers.length})`, {
      hint: 'join artifacts in the configuration, or deploy with --mode s3',
      details: { limit: layersLimit, found: layers.length },
    });
  }
  return layers;
}

/** Mode `s3` reads the object of this region: refuse before anything is changed when there is none. */
export function requireObjects(lock: Lock, region: string): void {
  for (const artifact of lock.artifacts) {
    if (artifact.published[region] !== undefined) continue;
    const publishedIn = Object.keys(artifact.published);
    fail(
      'NOT_PUBLISHED',
      `artifact ${artifact.name} is not published there (expected ${region}, found ${publishedIn.join(', ') || 'no region'})`,
      {
        hint: `run "layer-builder publish --bucket BUCKET --regions ${region}" first`,
        details: { artifact: artifact.name, region, publishedIn },
      },
    );
  }
}
