/** The cold-start loader, steps R1 to R6 of docs/resolution.md: from the lock to importable packages. */
import type { Digest } from '../artifact/digest.ts';
import type { LockPackage } from '../artifact/lock.ts';

export type { LoaderEvent } from './events.ts';
export type { DownloadLimits, LoaderSettings, SourceChoice } from './settings.ts';

/** Where the files of an artifact are: the mounted layer, a verified copy found, a fresh download. */
export type Source = 'layer' | 'tmp' | 's3';

export type Phase =
  | 'choose'
  | 'connect'
  | 'firstByte'
  | 'download'
  | 'verify'
  | 'unpack'
  | 'resolve'
  | 'import';

export interface ResolvedArtifact {
  readonly name: string;
  readonly source: Source;
  readonly digest: Digest;
  readonly tree: Digest;
  /** The folder that holds `nodejs/`. */
  readonly root: string;
  readonly packages: readonly LockPackage[];
  /** Milliseconds, fractions kept; a phase that did not happen is absent. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
}

export interface Dependencies {
  /** Resolved so far, in the order of the lock. */
  readonly artifacts: readonly ResolvedArtifact[];
  /** A lazy artifact, on first use: once, also under concurrency. A failure is forgotten: the next call tries again. */
  load(name: string): Promise<ResolvedArtifact>;
}
