/** What the store keeps about buckets, objects and uploads: plain data, written to disk as JSON. */
import type { Checksum } from '../body/checksums.ts';

/** Absent until versioning was first configured, as S3 reports it. */
export type Versioning = 'Enabled' | 'Suspended' | undefined;

export interface BucketRecord {
  readonly name: string;
  /** Milliseconds since the epoch. */ readonly createdAt: number;
  readonly region: string;
  readonly versioning: Versioning;
  /** Configuration documents by sub-resource name (`policy`, `encryption` …), as they were put. */
  readonly documents: Readonly<Record<string, string>>;
}

/** The id of the one version a bucket without versioning keeps. */
export const nullVersion = 'null';

/** Headers that S3 keeps with an object and sends back: names in lower case. */
export type ObjectHeaders = Readonly<Record<string, string>>;

export type Tags = readonly (readonly [key: string, value: string])[];

/** What a client says about an object beside its bytes. */
export interface Description {
  readonly headers: ObjectHeaders;
  /** User metadata, names without `x-amz-meta-`. */ readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Tags;
  readonly storageClass: string;
}

export interface PartRecord {
  readonly number: number;
  /** Bytes. */ readonly size: number;
  /** MD5 in hex. */ readonly etag: string;
  /** Base64, of the upload's algorithm. */ readonly checksum: string;
  readonly lastModified: number;
  /** File name of the bytes. */ readonly blob: string;
}

export interface StoredObject extends Description {
  readonly kind: 'object';
  readonly versionId: string;
  readonly lastModified: number;
  readonly blob: string;
  readonly size: number;
  /** Without quotes. */ readonly etag: string;
  readonly checksum: Checksum;
  /** Of a multipart upload, in order: for GET with a part number. */
  readonly parts: readonly { readonly number: number; readonly size: number; readonly checksum: string }[];
  /** The upload this came from: lets a repeated CompleteMultipartUpload succeed again. */
  readonly uploadId: string | undefined;
}

export interface DeleteMarker {
  readonly kind: 'deleteMarker';
  readonly versionId: string;
  readonly lastModified: number;
}

export type Version = StoredObject | DeleteMarker;

/** All versions of one key, newest first; never empty on disk. */
export interface ObjectRecord {
  readonly key: string;
  readonly versions: readonly Version[];
}

export interface UploadRecord extends Description {
  readonly uploadId: string;
  readonly key: string;
  readonly initiated: number;
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'>;
  /** Whether the client asked for the algorithm, and so must name each part's checksum. */
  readonly checksumAsked: boolean;
}
