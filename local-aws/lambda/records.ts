/** What is kept about functions and layers, as it lies on disk. Plain data. */
import type { Fields } from './fields.ts';

/** Bytes kept in the blob folder under their SHA-256. */
export interface Blob {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** Bytes of the zip. */
  readonly size: number;
  /** Bytes of its files. */
  readonly unzipped: number;
}

/** A layer as a function holds it: the bytes stay usable after the layer version is deleted. */
export interface AttachedLayer {
  readonly arn: string;
  readonly code: Blob;
}

/** Code and configuration of `$LATEST` or of a published version. */
export interface FunctionVersion {
  readonly version: string;
  readonly code: Blob;
  readonly layers: readonly AttachedLayer[];
  readonly description: string;
  readonly role: string;
  readonly handler: string;
  readonly runtime: string;
  /** MB */ readonly memory: number;
  /** Seconds */ readonly timeout: number;
  /** MB of /tmp */ readonly storage: number;
  readonly architecture: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Kept and answered, without effect here: VpcConfig, TracingConfig, LoggingConfig and the like. */
  readonly other: Fields;
  readonly lastModified: string;
  readonly revisionId: string;
}

export interface Alias {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Share of a second version, 0 to 1. */
  readonly weights: Readonly<Record<string, number>>;
  readonly revisionId: string;
}

export interface UrlConfig {
  readonly id: string;
  readonly port: number;
  readonly auth: 'NONE' | 'AWS_IAM';
  readonly mode: 'BUFFERED' | 'RESPONSE_STREAM';
  readonly cors?: Fields;
  readonly created: string;
  readonly modified: string;
}

export interface Policy {
  readonly statements: readonly Fields[];
  readonly revisionId: string;
}

export interface FunctionRecord {
  readonly name: string;
  readonly latest: FunctionVersion;
  readonly versions: readonly FunctionVersion[];
  /** Version numbers are never used twice. */
  readonly lastVersion: number;
  readonly aliases: readonly Alias[];
  /** By qualifier: `$LATEST` or an alias. */
  readonly urls: Readonly<Record<string, UrlConfig>>;
  /** By qualifier. */
  readonly policies: Readonly<Record<string, Policy>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly reserved?: number;
  /** By qualifier. */
  readonly asynchronous: Readonly<Record<string, Fields>>;
}

export interface LayerVersion {
  readonly version: number;
  readonly code: Blob;
  readonly description: string;
  readonly license?: string;
  readonly runtimes: readonly string[];
  readonly architectures: readonly string[];
  readonly created: string;
  readonly policy?: Policy;
}

export interface LayerRecord {
  readonly name: string;
  readonly versions: readonly LayerVersion[];
  /** Version numbers are never used twice, not even after the newest was deleted. */
  readonly lastVersion: number;
}

/** What a record holds under a qualifier. Aliases may be called `constructor`, which every object has. */
export function at<T>(byQualifier: Readonly<Record<string, T>>, qualifier: string): T | undefined {
  return Object.hasOwn(byQualifier, qualifier) ? byQualifier[qualifier] : undefined;
}
