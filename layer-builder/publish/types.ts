/** The nouns of publishing: what is wanted, what is there, the steps between them, what came of it. */
import type { Digest } from '../../artifact/digest.ts';
import type { CodedError } from '../../artifact/error.ts';
import type { Architecture, Lock, LockArtifact, Published, Runtime } from '../../artifact/lock.ts';
import type { LayerVersion } from '../aws/layers.ts';
import type { ObjectFacts } from '../aws/objects.ts';

export const storageModes = ['copy', 'reference'] as const;
/** `reference`: Lambda reads the S3 object in place (`S3ObjectStorageMode`); needs a versioned bucket. */
export type StorageMode = (typeof storageModes)[number];

/** One region and the bucket that serves it: a layer can only be made from a bucket of its own region. */
export interface Target {
  readonly region: string;
  readonly bucket: string;
}

export interface PublishGoal {
  readonly service: string;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  readonly artifacts: readonly LockArtifact[];
  readonly targets: readonly Target[];
  /** Layer name by artifact name. */
  readonly layerNames: Readonly<Record<string, string>>;
  readonly storage: StorageMode;
}

/** What one region holds of one artifact. Both are confirmed to be the lock's bytes. */
export interface ArtifactFacts {
  readonly object?: ObjectFacts;
  readonly layer?: LayerVersion;
}

export type RegionFacts = Target &
  (
    | { readonly readable: true; readonly artifacts: Readonly<Record<string, ArtifactFacts>> }
    | { readonly readable: false; readonly error: CodedError }
  );

interface StepOf extends Target {
  readonly artifact: string;
  readonly digest: Digest;
}

/** Each step says what must hold before it; each may be repeated. */
export type PublishStep =
  | (StepOf & { readonly do: 'upload'; readonly key: string; readonly size: number; readonly if: 'absent' })
  | (StepOf & { readonly do: 'keep-object'; readonly key: string; readonly versionId: string | null })
  | (StepOf & {
      readonly do: 'publish-layer';
      readonly layerName: string;
      readonly if: 'no version has the digest';
    })
  | (StepOf & { readonly do: 'keep-layer'; readonly layerName: string; readonly arn: string });

export interface RegionPlan extends Target {
  readonly steps: readonly PublishStep[];
  /** Set when the region could not be read: nothing is planned there. */
  readonly error?: CodedError;
}

/** The plan as data: printed by `--dry-run`, saved by `--plan-out`, applied by `--from`. */
export interface PublishPlan {
  readonly formatVersion: 1;
  readonly kind: 'publish';
  readonly goal: PublishGoal;
  readonly regions: readonly RegionPlan[];
  /** Uploads and layer versions still to be made. */
  readonly writes: number;
}

export interface ArtifactOutcome extends Published {
  readonly name: string;
  readonly digest: Digest;
  readonly size: number;
  readonly key: string;
  readonly object: 'uploaded' | 'kept';
  readonly layer: 'published' | 'kept';
}

export type RegionOutcome = Target &
  (
    | { readonly complete: true; readonly artifacts: readonly ArtifactOutcome[] }
    | { readonly complete: false; readonly error: CodedError }
  );

export interface PublishReport {
  readonly service: string;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  /** True when every region has everything. */
  readonly complete: boolean;
  /** Everything that was changed on AWS: objects, layer versions, release records, channels. */
  readonly writes: number;
  /** Id of the release that this state is; undefined when no region is complete. */
  readonly release: string | undefined;
  readonly regions: readonly RegionOutcome[];
  /** The lock as it is now on disk. */
  readonly lock: Lock;
}
