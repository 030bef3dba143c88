/** The role BucketSettings on S3: how a bucket is set up. Reads only. */
import type { Caller } from './calls.ts';
import type { AwsClients } from './clients.ts';
import { nameOf } from './failures.ts';

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  /** It ends current versions. */
  readonly expires: boolean;
  /** It moves current versions to a storage class that must be restored before it can be read. */
  readonly archives: boolean;
  readonly abortsUploads: boolean;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html */
const archives: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

export interface BucketSettings {
  region(): Promise<string>;
  /** `Enabled`, `Suspended`, or nothing: never turned on. */
  versioning(): Promise<string>;
  /** True when all four blocks of public access are on. */
  publicAccessBlocked(): Promise<boolean>;
  /** The text of the bucket policy; nothing when there is none. */
  policy(): Promise<string>;
  lifecycle(): Promise<LifecycleRule[]>;
  /** Keys of multipart uploads that were begun and never ended, at most 1,000. */
  uploads(prefix: string): Promise<string[]>;
}

/** Throws what every call throws; `ACCESS_DENIED` names the permission that is missing. */
export async function openBucketSettings(
  { s3, region }: AwsClients,
  call: Caller,
  bucket: string,
): Promise<BucketSettings> {
  const {
    GetBucketLifecycleConfigurationCommand,
    GetBucketPolicyCommand,
    GetBucketVersioningCommand,
    GetPublicAccessBlockCommand,
    HeadBucketCommand,
    ListMultipartUploadsCommand,
  } = await import('@aws-sdk/client-s3');
  const input = { Bucket: bucket };
  const resource = `s3://${bucket}`;

  /** For settings that S3 answers with an error when they were never made. */
  async function made<Answer>(action: string, missing: string, send: Parameters<typeof call<Answer>>[1]) {
    const expected = (error: unknown) => nameOf(error) === missing;
    try {
      return await call({ action, resource, expected }, send);
    } catch (error) {
      if (expected(error)) return undefined;
      throw error;
    }
  }

  return {
    async region() {
      const about = { action: 's3:ListBucket', resource };
      const answer = await call(about, options => s3.send(new HeadBucketCommand(input), options));
      return answer.BucketRegion ?? region;
    },
    async versioning() {
      const about = { action: 's3:GetBucketVersioning', resource };
      const answer = await call(about, options => s3.send(new GetBucketVersioningCommand(input), options));
      return answer.Status ?? '';
    },
    async publicAccessBlocked() {
      const answer = await made(
        's3:GetBucketPublicAccessBlock',
        'NoSuchPublicAccessBlockConfiguration',
        options => s3.send(new GetPublicAccessBlockCommand(input), options),
      );
      const found = answer?.PublicAccessBlockConfiguration ?? {};
      const { BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets } = found;
      return [BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets].every(Boolean);
    },
    async policy() {
      const answer = await made('s3:GetBucketPolicy', 'NoSuchBucketPolicy', options =>
        s3.send(new GetBucketPolicyCommand(input), options),
      );
      return answer?.Policy ?? '';
    },
    async lifecycle() {
      const answer = await made('s3:GetLifecycleConfiguration', 'NoSuchLifecycleConfiguration', options =>
        s3.send(new GetBucketLifecycleConfigurationCommand(input), options),
      );
      // Artifacts have no tags: a rule that asks for some is none of theirs.
      const ours = (answer?.Rules ?? []).filter(
        ({ Filter }) => Filter?.Tag === undefined && (Filter?.And?.Tags ?? []).length === 0,
      );
      return ours.map(rule => ({
        id: rule.ID ?? '',
        enabled: rule.Status === 'Enabled',
        prefix: rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? rule.Prefix ?? '',
        expires: rule.Expiration?.Days !== undefined || rule.Expiration?.Date !== undefined,
        archives: (rule.Transitions ?? []).some(({ StorageClass = '' }) => archives.has(StorageClass)),
        abortsUploads: rule.AbortIncompleteMultipartUpload !== undefined,
      }));
    },
    async uploads(prefix) {
      const about = { action: 's3:ListBucketMultipartUploads', resource };
      const command = new ListMultipartUploadsCommand({ ...input, Prefix: prefix });
      const answer = await call(about, options => s3.send(command, options));
      return (answer.Uploads ?? []).map(({ Key }) => Key ?? '');
    },
  };
}
