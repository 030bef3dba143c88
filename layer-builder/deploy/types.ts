/** The nouns of a deployment: what is wanted, what is there, and the steps between them. */
import type { Architecture, Runtime } from '../../artifact/lock.ts';
import type { LogGroupState } from '../aws/logs.ts';
import type { RoleState } from '../aws/roles.ts';
import type { UrlCors } from '../types.ts';
import type { OwnRole } from './role.ts';

/** The settings that one function version carries; what `UpdateFunctionConfiguration` and the code decide. */
export interface FunctionSettings {
  /** Base64 SHA-256 of the function package, as Lambda reports it in `CodeSha256`. */
  readonly codeSha256: string;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  readonly handler: string;
  readonly role: string;
  /** MB, 128 to 10,240. */
  readonly memory: number;
  /** Seconds, 1 to 900. */
  readonly timeout: number;
  /** MB of /tmp, 512 to 10,240. */
  readonly tmp: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Layer version ARNs in the order in which Lambda merges them into /opt. At most 5. */
  readonly layers: readonly string[];
  /** X-Ray: `Active` samples requests by itself, `PassThrough` follows the caller. */
  readonly tracing: string;
}

export type UrlAuth = 'NONE' | 'AWS_IAM';

export interface DesiredFunction {
  readonly name: string;
  readonly settings: FunctionSettings;
  readonly url: { readonly auth: UrlAuth; readonly cors: UrlCors | undefined } | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Executions set aside for this function; undefined shares those of the account. */
  readonly reservedConcurrency: number | undefined;
  /** The role that the deployer makes and keeps; undefined where the configuration names one. */
  readonly ownRole: OwnRole | undefined;
  /** The log group that the deployer makes and keeps; undefined leaves it to Lambda. */
  readonly logs: { readonly group: string; readonly retentionDays: number | undefined } | undefined;
  readonly release: ReleaseSettings;
}

/** How a new version takes over from the one that is live. */
export interface ReleaseSettings {
  /** Percent of the calls that the new version gets first, ascending, e.g. 10, 50; none: all at once. */
  readonly shift: readonly number[];
  /** Seconds that each share is watched, and the whole where there are alarms. */
  readonly bake: number;
  /** Names of CloudWatch alarms that take the new version back. */
  readonly alarms: readonly string[];
}

/** What stands around a function, as far as the deployer was asked to keep it. */
export interface Surroundings {
  readonly role?: RoleState | undefined;
  readonly logGroup?: LogGroupState | undefined;
}

/** A version as Lambda describes it; strings where Lambda may know values that we do not. */
export interface VersionState extends Omit<FunctionSettings, 'runtime' | 'architecture'> {
  readonly runtime: string;
  readonly architecture: string;
  readonly version: string;
  readonly revisionId: string;
  readonly logGroup: string;
  /** What Lambda says of a creation, or of the last update, that failed. */
  readonly failure?: { readonly isCreation: boolean; readonly reason: string };
}

export interface LiveAlias {
  readonly aliasRevisionId: string;
  /** Shares, 0 to 1, of versions beside the live one: a shift is under way, or was left there. */
  readonly weights: Readonly<Record<string, number>>;
}

export interface ActualFunction {
  readonly latest: VersionState;
  /** The version that the alias points to; undefined when the alias is not there yet. */
  readonly live: (VersionState & LiveAlias) | undefined;
  readonly url:
    | { readonly auth: string; readonly url: string; readonly cors: UrlCors | undefined }
    | undefined;
  /** Which of the statements are there that let anyone call the function URL; auth NONE needs both. */
  readonly publicStatements: readonly string[];
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly reservedConcurrency: number | undefined;
  /** The version that was live before the present one, as the alias remembers it. */
  readonly previousVersion: string | undefined;
}

/** One setting that differs. Values of the environment are not shown: they may be secrets. `DEPS_SOURCE` is ours. */
export interface Change {
  readonly setting: string;
  readonly from: string;
  readonly to: string;
}

export type DeployStep =
  | {
      readonly kind: 'create-function';
      readonly settings: Omit<FunctionSettings, 'environment'>;
      /** Names of the environment; values may be secrets. */
      readonly variables: readonly string[];
    }
  | { readonly kind: 'update-code'; readonly changes: readonly Change[] }
  | { readonly kind: 'update-configuration'; readonly changes: readonly Change[] }
  | { readonly kind: 'create-role'; readonly name: string }
  | { readonly kind: 'update-role'; readonly name: string }
  | { readonly kind: 'create-log-group'; readonly name: string }
  | { readonly kind: 'set-retention'; readonly changes: readonly Change[] }
  | { readonly kind: 'rehearse-s3'; readonly paths?: readonly string[] }
  | { readonly kind: 'publish-version' }
  | { readonly kind: 'smoke-test'; readonly paths?: readonly string[] }
  | { readonly kind: 'create-alias' }
  | {
      readonly kind: 'shift-alias';
      readonly from: string;
      readonly percent: number;
      readonly seconds: number;
    }
  | { readonly kind: 'move-alias'; readonly from: string }
  | { readonly kind: 'watch-alarms'; readonly alarms: readonly string[]; readonly seconds: number }
  | { readonly kind: 'end-shift'; readonly version: string }
  | { readonly kind: 'set-tags'; readonly changes: readonly Change[] }
  | { readonly kind: 'set-concurrency'; readonly changes: readonly Change[] }
  | { readonly kind: 'create-url'; readonly auth: UrlAuth }
  | { readonly kind: 'update-url'; readonly changes: readonly Change[] }
  | { readonly kind: 'delete-url' }
  | { readonly kind: 'allow-url' }
  | { readonly kind: 'close-url'; readonly statements: readonly string[] };

export interface DeployPlan {
  readonly functionName: string;
  readonly steps: readonly DeployStep[];
}

/** The alias that callers use. It moves only after the smoke test of the new version. */
export const liveAlias = 'live';

/** Statements that let anyone call a function URL with auth NONE: the URL, and the function through it. */
export const publicUrlStatements = ['layer-builder-public-url', 'layer-builder-public-url-invoke'] as const;

/** What the alias keeps in its description: the version to go back to; `''` for none. */
export function rememberPrevious(version: string): string {
  return version === '' ? '' : `layer-builder previous=${version}`;
}

/** The version that a description of `rememberPrevious` names. */
export function previousIn(description: string | undefined): string | undefined {
  return /^layer-builder previous=(\d+)$/.exec(description ?? '')?.[1];
}
