/** The role LayerRegistry on Lambda: a layer version is found by the digest in its description, or made once. */
import type { Digest } from '../../artifact/digest.ts';
import { hexOf } from '../../artifact/digest.ts';
import type { Architecture, Runtime } from '../../artifact/lock.ts';
import { BuilderError, fail } from '../errors.ts';
import type { Caller } from './calls.ts';
import type { AwsClients } from './clients.ts';
import { nameOf } from './failures.ts';

/** What a layer version must hold. */
export interface LayerContent {
  readonly layerName: string;
  readonly digest: Digest;
  readonly tree: Digest;
}

export interface LayerVersion {
  readonly arn: string;
  readonly version: number;
}

export interface LayerSource extends LayerContent {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
  /** `reference`: Lambda reads the object in place instead of copying it. */
  readonly storage: 'copy' | 'reference';
}

export interface LayerRegistry {
  /** The lowest version with these bytes. `known` is an ARN that a lock remembers: looked at first. */
  find(content: LayerContent, known?: string): Promise<LayerVersion | undefined>;
  /** Makes a version from the S3 object, unless it turns out that one exists. */
  publish(source: LayerSource): Promise<LayerVersion>;
}

/** ListLayerVersions gives at most 50 a page; a layer with more than 5,000 versions is cleaned up first. */
const pageSize = 50;
const mostPages = 100;

/** How a layer version names its bytes. AWS allows 256 characters; this has 145. */
export function describeLayer({ digest, tree }: Pick<LayerContent, 'digest' | 'tree'>): string {
  return `lb1 ${digest} tree:${hexOf(tree)}`;
}

/** CodeSha256 as Lambda reports it: base64 of the zip's SHA-256. */
export function codeSha256Of(digest: Digest): string {
  return Buffer.from(hexOf(digest), 'hex').toString('base64');
}

/** Throws `ACCESS_DENIED`, `CREDENTIALS_*`, `ENDPOINT_UNREACHABLE`, `THROTTLED`, `STORAGE_EXCEEDED`, `PUBLISH_FAILED`. */
export async function openLayerRegistry({ lambda }: AwsClients, call: Caller): Promise<LayerRegistry> {
  const { GetLayerVersionCommand, ListLayerVersionsCommand, PublishLayerVersionCommand } = await import(
    '@aws-sdk/client-lambda'
  );

  /** CodeSha256 decides: a description can be written by anyone. */
  async function confirm(content: LayerContent, version: number): Promise<LayerVersion | undefined> {
    const about = {
      action: 'lambda:GetLayerVersion',
      resource: `${content.layerName}:${version}`,
      expected: isMissing,
    };
    const input = { LayerName: content.layerName, VersionNumber: version };
    try {
      const answer = await call(about, options => lambda.send(new GetLayerVersionCommand(input), options));
      if (answer.Content?.CodeSha256 !== codeSha256Of(content.digest)) return undefined;
      return { arn: answer.LayerVersionArn ?? '', version };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function find(content: LayerContent, known?: string): Promise<LayerVersion | undefined> {
    const [, knownName, knownVersion] = known?.match(/:layer:([^:]+):(\d+)$/) ?? [];
    if (knownName === content.layerName) {
      const found = await confirm(content, Number(knownVersion));
      if (found !== undefined && found.arn === known) return found;
    }
    const about = { action: 'lambda:ListLayerVersions', resource: content.layerName, expected: isMissing };
    const wanted = describeLayer(content);
    let marker: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const input = {
        LayerName: content.layerName,
        MaxItems: pageSize,
        ...(marker ? { Marker: marker } : {}),
      };
      const answer = await call(about, options =>
        lambda.send(new ListLayerVersionsCommand(input), options),
      ).catch(noLayer);
      const candidates = (answer?.LayerVersions ?? [])
        .filter(version => version.Description === wanted)
        .map(version => version.Version ?? 0)
        .sort((a, b) => a - b);
      for (const candidate of candidates) {
        const found = await confirm(content, candidate);
        if (found !== undefined) return found;
      }
      marker = answer?.NextMarker;
      if (marker === undefined) return undefined;
    }
    return fail(
      'PUBLISH_FAILED',
      `layer ${content.layerName} has too many versions (expected at most ${pageSize * mostPages}, found more)`,
      { hint: 'run "layer-builder gc --apply", or publish under another --layer-name' },
    );
  }

  async function publish(source: LayerSource): Promise<LayerVersion> {
    const input = {
      LayerName: source.layerName,
      Description: describeLayer(source),
      Content: {
        S3Bucket: source.bucket,
        S3Key: source.key,
        ...(source.versionId ? { S3ObjectVersion: source.versionId } : {}),
        ...(source.storage === 'reference' ? { S3ObjectStorageMode: 'REFERENCE' as const } : {}),
      },
      CompatibleRuntimes: [source.runtime],
      CompatibleArchitectures: [source.architecture],
    };
    const about = {
      action: 'lambda:PublishLayerVersion',
      resource: source.layerName,
      timeoutMs: 120_000,
      // There is no idempotency token.
      recover: () => find(source),
    };
    const made = await call(about, async options => {
      const answer = await lambda.send(new PublishLayerVersionCommand(input), options);
      const found = answer.Content?.CodeSha256;
      const expected = codeSha256Of(source.digest);
      if (found === expected) return { arn: answer.LayerVersionArn ?? '', version: answer.Version ?? 0 };
      return fail('PUBLISH_FAILED', `Lambda stored other bytes (expected ${expected}, found ${found})`, {
        hint: `look at s3://${source.bucket}/${source.key}: it is not what was uploaded`,
      });
    }).catch(source.storage === 'reference' ? notInPlace : undefined);
    // Two publishers may both have found nothing and made one each: the lowest version wins for both.
    return (await find(source)) ?? made;
  }

  return { find, publish };
}

/** Lambda refuses what the account, the region or the bucket policy does not allow with words of its own. */
function notInPlace(error: unknown): never {
  if (!(error instanceof BuilderError) || !['PUBLISH_FAILED', 'ACCESS_DENIED'].includes(error.code))
    throw error;
  throw new BuilderError(error.code, error.message, {
    hint: 'storage by reference needs an account that has it and a bucket policy for lambda.amazonaws.com; without --storage reference the layer is copied',
    details: error.details,
    cause: error,
  });
}

function isMissing(error: unknown): boolean {
  return nameOf(error) === 'ResourceNotFoundException';
}

function noLayer(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
