/** The nouns of publishing: what is wanted, what is there, the steps between them, what came of it. */
import type { Digest } from '../../artifact/digest.ts';
import type { CodedError } from '../../artifact/error.ts';
import type { Lock, Published } from '../../artifact/lock.ts';
import type { LayerVersion } from '../aws/layers.ts';
import type { ObjectFacts } from '../aws/objects.ts';
import type { Share } from '../aws/sharing.ts';
import type { ReleaseCode } from './release.ts';

export const storageModes = ['copy', 'reference'] as const;
/** `reference`: Lambda reads the S3 object in place (`S3ObjectStorageMode`); needs a versioned bucket. */
export type StorageMode = (typeof storageModes)[number];

/** One region and the bucket that serves it: a layer can only be made from a bucket of its own region. */
export interface Target {
  readonly region: string;
  readonly bucket: string;
}

export interface PublishGoal {
  /** What was built. What it remembers of earlier publishes is only a hint where to look first. */
  readonly lock: Lock;
  readonly targets: readonly Target[];
  /** Layer name by artifact name. */
  readonly layerNames: Readonly<Record<string, string>>;
  readonly storage: StorageMode;
  /** Who may use the layers, besides the own account. */
  readonly share: readonly Share[];
  /** What tells the function package from others, its lock aside; null: a release of dependencies alone. */
  readonly code: Digest | null;
  /** Channel that is to point to the release afterwards. */
  readonly channel: string | null;
}

/** What is known of the release before anything is made: nothing, unless every layer is there already. */
export interface KnownRelease {
  readonly id: string;
  readonly code: ReleaseCode | undefined;
  /** Buckets that hold its record. */
  readonly recorded: ReadonlySet<string>;
  /** Buckets that hold its code. */
  readonly coded: ReadonlySet<string>;
}

/** What one region holds of one artifact. Object and layer are confirmed to be the lock's bytes. */
export interface ArtifactFacts {
  readonly object?: ObjectFacts;
  readonly layer?: LayerVersion;
  readonly shared: ReadonlySet<Share>;
}

export interface ReadableRegion extends Target {
  readonly readable: true;
  readonly artifacts: Readonly<Record<string, ArtifactFacts>>;
  /** Where the channel points; null: nowhere, or no channel is asked for. */
  readonly channelRelease: string | null;
}

export type RegionFacts =
  | ReadableRegion
  | (Target & { readonly readable: false; readonly error: CodedError });

interface ArtifactStep extends Target {
  readonly artifact: string;
  readonly digest: Digest;
}

/** Each step says what must hold before it; each may be repeated. `null` is what only the application will know. */
export type PublishStep =
  | (ArtifactStep & {
      readonly do: 'upload';
      readonly key: string;
      readonly size: number;
      readonly if: 'absent';
    })
  | (ArtifactStep & { readonly do: 'keep-object'; readonly key: string; readonly versionId: string | null })
  | (ArtifactStep & {
      readonly do: 'publish-layer';
      readonly layerName: string;
      readonly if: 'no version has the digest';
    })
  | (ArtifactStep & {
      readonly do: 'keep-layer';
      readonly layerName: string;
      readonly arn: string;
      readonly version: number;
    })
  | (ArtifactStep & { readonly do: 'share-layer'; readonly layerName: string; readonly with: Share })
  | (Target & {
      readonly do: 'upload-code' | 'keep-code';
      /** null: it follows from the layer versions, whose ARNs are in it. */
      readonly digest: Digest | null;
      readonly size: number | null;
    })
  | (Target & { readonly do: 'record-release'; readonly release: string | null; readonly if: 'absent' })
  | (Target & { readonly do: 'keep-release'; readonly release: string })
  | (Target & {
      readonly do: 'move-channel';
      readonly channel: string;
      readonly from: string | null;
      readonly to: string | null;
    })
  | (Target & { readonly do: 'keep-channel'; readonly channel: string; readonly release: string });

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
  /** Steps that change something. */
  readonly writes: number;
}

export interface ArtifactOutcome extends Published {
  readonly name: string;
  readonly digest: Digest;
  readonly size: number;
  readonly key: string;
  readonly object: 'uploaded' | 'kept';
  readonly layer: 'published' | 'kept';
  /** Whom it was shared with by this publish. */
  readonly sharedWith: readonly Share[];
}

export type RegionOutcome = Target &
  (
    | { readonly complete: true; readonly artifacts: readonly ArtifactOutcome[] }
    | { readonly complete: false; readonly error: CodedError }
  );

/** What came of code, record and channel in one bucket. */
export interface BucketOutcome {
  readonly bucket: string;
  /** null: a release of dependencies alone. */
  readonly code: 'uploaded' | 'kept' | null;
  readonly release: 'recorded' | 'kept';
  readonly channel: 'moved' | 'kept' | null;
}

export interface PublishReport {
  readonly goal: PublishGoal;
  /** True when every region has everything. */
  readonly complete: boolean;
  /** Everything that was changed on AWS: objects, layer versions, permissions, code, release records, channels. */
  readonly writes: number;
  /** Id of the release that this state is; undefined when no bucket is complete. */
  readonly release: string | undefined;
  /** The function package in it. */
  readonly code: ReleaseCode | undefined;
  readonly regions: readonly RegionOutcome[];
  readonly buckets: readonly BucketOutcome[];
  /** The lock with what this publish confirmed and nothing else. */
  readonly released: Lock;
  /** The lock as it is now on disk. */
  readonly lock: Lock;
}
