/** The plain data that the rooms of the builder hand to each other. */
import type { Digest } from '../artifact/digest.ts';
import type { Architecture, Load, Lock, LockArtifact, LockPackage, Runtime } from '../artifact/lock.ts';

/** The form in which a package enters an artifact: bundled, with those of its files that are reached, or with all. */
export const packageForms = ['compacted', 'traced', 'whole'] as const;
export type PackageForm = (typeof packageForms)[number];

export interface ArtifactConfig {
  readonly name: string;
  readonly load: Load;
  /** Whether it is attached as a layer; otherwise it comes from S3 only. */
  readonly layer: boolean;
  /** Packages that belong here, reached by the app or not. Empty: whatever no other artifact names. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Files and folders of the project that travel in it, relative to the project. */
  readonly assets: readonly string[];
}

/** CORS of a function URL. https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html */
export interface UrlCors {
  readonly allowOrigins?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Seconds, at most 86,400. */
  readonly maxAge?: number;
  readonly allowCredentials?: boolean;
}

export const deployModes = ['auto', 'layer', 's3'] as const;
/** Which loading path the function takes: `DEPS_SOURCE`, and whether the layers are attached. */
export type DeployMode = (typeof deployModes)[number];

/** The deployed function. `memory` in MB, `timeout` in seconds, `tmp` in MB. */
export interface FunctionConfig {
  readonly memory: number;
  readonly timeout: number;
  readonly tmp: number;
  readonly environment: Readonly<Record<string, string>>;
  /** ARN of the execution role. */
  readonly role: string | undefined;
  /** Whether the deployer makes a role of its own, when none is named, and keeps its policy. */
  readonly createRole: boolean;
  /** Days after which CloudWatch deletes log events; undefined leaves the log group as it is. */
  readonly logRetention: number | undefined;
  /** Percent of the calls that a new version gets first, ascending; none: all at once. */
  readonly shift: readonly number[];
  /** Seconds that each share of a shift is watched, and the new version where there are alarms. */
  readonly bake: number;
  /** CloudWatch alarms that take a new version back. */
  readonly alarms: readonly string[];
  /** The function URL; false for none. */
  readonly url: { readonly auth?: 'NONE' | 'AWS_IAM'; readonly cors?: UrlCors | undefined } | false;
  /** Loading path, unless `--mode` says another. */
  readonly mode: DeployMode;
  readonly tracing: 'Active' | 'PassThrough';
  /** Executions set aside for the function; undefined shares those of the account. */
  readonly reservedConcurrency: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Paths that a new version must answer with a status below 500 before it is made live. */
  readonly smoke: readonly string[];
}

/** The configuration with every default filled in (docs/building.md lists the keys). */
export interface Config {
  readonly service: string;
  /** Entry of the app's code, relative to the project; undefined: the conventional places are searched. */
  readonly app: string | undefined;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  readonly artifacts: readonly ArtifactConfig[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Forms asked for by the user, by package name; the rest is chosen and proved by the builder. */
  readonly forms: Readonly<Record<string, PackageForm>>;
  /** Whether V8's compile cache travels in the artifact. */
  readonly compileCache: boolean;
  /** Whether source maps of what is bundled are written beside the artifact. */
  readonly sourceMaps: boolean;
  readonly bucket: string | undefined;
  readonly regions: readonly string[];
  readonly prefix: string;
  /** May hold `{service}` and `{artifact}`. */
  readonly layerName: string;
  readonly function: FunctionConfig;
  readonly stages: Readonly<Record<string, Partial<FunctionConfig>>>;
}

/** package.json as far as the builder reads it. */
export interface Manifest {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly main: string | undefined;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  /** The whole document, for the fields that only npm reads (`overrides`). */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** One finished artifact on disk. */
export interface BuiltArtifact {
  readonly name: string;
  readonly load: Load;
  /** Absolute path of the zip. */
  readonly path: string;
  readonly digest: Digest;
  readonly tree: Digest;
  /** Bytes of the zip. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: number;
  readonly packages: readonly LockPackage[];
}

export interface BuildResult {
  readonly lock: Lock;
  readonly lockPath: string;
  readonly artifacts: readonly BuiltArtifact[];
  /** True when nothing had to be made: the content of every input is that of the last build. */
  readonly cached: boolean;
  readonly warnings: readonly string[];
}

/** What `build` is told from outside. */
export interface BuildOptions {
  /** Told one line for each step that takes a while. */
  readonly progress?: (line: string) => void;
  /** Builds even when nothing changed. @default false */
  readonly force?: boolean;
  /** Writes source maps whatever the configuration says. */
  readonly sourceMaps?: boolean;
  /** Where npm finds its registry. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Stops the build; nothing is moved in place. */
  readonly signal?: AbortSignal | undefined;
}

/** The function package: handler, the app's own code and the lock in one small zip. */
export interface FunctionPackage {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly digest: Digest;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

export type { Lock, LockArtifact };
