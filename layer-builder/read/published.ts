/** What a region already holds of the artifacts: the object by its key, the layer version by its digest. */
import { digestOf } from '../../artifact/digest.ts';
import { isCodedError } from '../../artifact/error.ts';
import { objectKey } from '../../artifact/layout.ts';
import type { LockArtifact } from '../../artifact/lock.ts';
import { codeSha256Of } from '../aws/layers.ts';
import type { ObjectFacts, ObjectStore } from '../aws/objects.ts';
import type { Region } from '../aws/regions.ts';
import type { Share } from '../aws/sharing.ts';
import { fail } from '../errors.ts';
import { regionsPerBucket } from '../publish/buckets.ts';
import { entryOf, readChannel, releaseOf } from '../publish/channel.ts';
import type { ReleaseCode } from '../publish/release.ts';
import { prefixOf, releaseKey } from '../publish/release.ts';
import type { ArtifactFacts, KnownRelease, PublishGoal, RegionFacts } from '../publish/types.ts';

/** Reads one region. What goes wrong there is a fact of that region: the others are not held up. */
export async function readRegion(
  region: Region,
  goal: PublishGoal,
  share: Promise<readonly Share[]> = Promise.resolve(goal.share),
): Promise<RegionFacts> {
  const target = { region: region.region, bucket: region.bucket };
  try {
    const [channelRelease, ...artifacts] = await Promise.all([
      readChannelRelease(region.objects, goal),
      ...goal.lock.artifacts.map(artifact => readArtifactFacts(region, goal, share, artifact)),
    ]);
    return { ...target, readable: true, artifacts: Object.fromEntries(artifacts), channelRelease };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { ...target, readable: false, error };
  }
}

/**
 * Which buckets already hold record and code of a release. A region that fails here fails again when it is applied.
 * Throws `PUBLISH_IMMUTABLE_COLLISION` when other bytes lie under the code's name.
 */
export async function readKnown(
  regions: readonly Region[],
  prefix: string,
  { id, code }: Pick<KnownRelease, 'id' | 'code'>,
): Promise<KnownRelease> {
  const stores = regionsPerBucket(regions).flatMap(([first]) => first ?? []);
  const bucketsWith = async (has: (store: Region) => Promise<unknown>) => {
    const found = await Promise.all(stores.map(async store => ((await has(store)) ? [store.bucket] : [])));
    return new Set(found.flat());
  };
  const [recorded, coded] = await Promise.all([
    bucketsWith(({ objects }) => objects.head(releaseKey(prefix, id))),
    bucketsWith(
      async ({ objects, bucket }) => code && (await readObject(objects, bucket, codeObject(code, prefix))),
    ),
  ]);
  return { id, code, recorded, coded };
}

/** The function package as an object among the artifacts. */
export function codeObject({ digest, size }: ReleaseCode, prefix: string): ObjectContent {
  return { s3: { key: objectKey(digest, prefix) }, digest, size };
}

async function readArtifactFacts(
  { region, bucket, objects, layers, sharing }: Region,
  { layerNames }: PublishGoal,
  share: Promise<readonly Share[]>,
  artifact: LockArtifact,
): Promise<[string, ArtifactFacts]> {
  const { name, digest, tree, published } = artifact;
  const layerName = layerNames[name] ?? name;
  const [object, layer] = await Promise.all([
    readObject(objects, bucket, artifact),
    layers.find({ layerName, digest, tree }, published[region]?.layerVersionArn),
  ]);
  const isAsked = layer !== undefined && (await share).length > 0;
  const shared = isAsked ? await sharing.read(layerName, layer.version) : new Set<Share>();
  return [name, { ...(object ? { object } : {}), ...(layer ? { layer } : {}), shared }];
}

async function readChannelRelease(
  objects: ObjectStore,
  { lock, channel }: PublishGoal,
): Promise<string | null> {
  if (channel === null) return null;
  const state = await readChannel(objects, prefixOf(lock), channel);
  return releaseOf(state.channel, entryOf(lock)) ?? null;
}

/** What must lie under a key. */
export type ObjectContent = Pick<LockArtifact, 's3' | 'digest' | 'size'>;

/**
 * The object under the artifact's key, proved to hold its bytes; undefined when there is none.
 * Throws `PUBLISH_IMMUTABLE_COLLISION` when other bytes are there.
 */
export async function readObject(
  objects: ObjectStore,
  bucket: string,
  { s3: { key }, digest, size }: ObjectContent,
): Promise<ObjectFacts | undefined> {
  const facts = await objects.head(key);
  if (facts === undefined) return undefined;
  let found = facts.sha256;
  // Uploaded by another tool: S3 keeps no SHA-256, only the bytes themselves can tell.
  if (found === undefined && facts.size === size) {
    const whole = await objects.get(key);
    if (whole === undefined) return undefined;
    found = codeSha256Of(digestOf(whole.bytes));
  }
  if (facts.size === size && found === codeSha256Of(digest)) return facts;
  return fail(
    'PUBLISH_IMMUTABLE_COLLISION',
    `s3://${bucket}/${key} holds other bytes (expected ${size} bytes ${digest}, found ${facts.size} bytes with SHA-256 ${found ?? 'unknown'})`,
    {
      hint: 'somebody wrote over an immutable name: find out who, delete the object, publish again',
      details: {
        bucket,
        key,
        expected: { digest, sizeBytes: size },
        found: { sizeBytes: facts.size, sha256: found ?? null },
      },
    },
  );
}
