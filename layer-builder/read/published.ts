/** What a region already holds of the artifacts: the object by its key, the layer version by its digest. */
import { createHash } from 'node:crypto';
import { digestOf } from '../../artifact/digest.ts';
import { isCodedError } from '../../artifact/error.ts';
import type { LockArtifact } from '../../artifact/lock.ts';
import type { ListedObject } from '../aws/inventory.ts';
import { openInventory } from '../aws/inventory.ts';
import { codeSha256Of } from '../aws/layers.ts';
import type { ObjectFacts, ObjectStore } from '../aws/objects.ts';
import type { Region } from '../aws/regions.ts';
import type { Share } from '../aws/sharing.ts';
import { fail } from '../errors.ts';
import { regionsPerBucket } from '../publish/buckets.ts';
import { entryOf, readChannel, releaseOf } from '../publish/channel.ts';
import { codeOf } from '../publish/code.ts';
import { codeKey, prefixOf, releaseKey } from '../publish/release.ts';
import type { ArtifactFacts, KnownRelease, PublishGoal, RegionFacts } from '../publish/types.ts';

/** What is read beside a region because more than one asks for it. */
export interface SharedFacts {
  /** @default those of the goal */
  readonly share?: Promise<readonly Share[]>;
  /** @default asked of the bucket */
  readonly pointed?: ChannelReader;
}

/** Reads one region. What goes wrong there is a fact of that region: the others are not held up. */
export async function readRegion(
  region: Region,
  goal: PublishGoal,
  { share = Promise.resolve(goal.share), pointed = channelReader(goal) }: SharedFacts = {},
): Promise<RegionFacts> {
  const target = { region: region.region, bucket: region.bucket };
  try {
    const [channelRelease, ...artifacts] = await Promise.all([
      pointed(region),
      ...goal.lock.artifacts.map(artifact => readArtifactFacts(region, goal, share, artifact)),
    ]);
    return { ...target, readable: true, artifacts: Object.fromEntries(artifacts), channelRelease };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { ...target, readable: false, error };
  }
}

/** What one list told of a bucket: everything of the service below `releases/`. */
export interface ListedReleases {
  readonly bucket: string;
  readonly items: readonly ListedObject[];
}

/**
 * Which buckets already hold record and code of a release: both lie under its id, so one list tells, and none where
 * `listed` has told already. A region that fails here fails again when it is applied.
 * Throws `PUBLISH_IMMUTABLE_COLLISION` when other bytes lie under the code's name.
 */
export async function readKnown(
  regions: readonly Region[],
  prefix: string,
  { id, zip }: { readonly id: string; readonly zip: Buffer | undefined },
  listed?: ListedReleases,
): Promise<KnownRelease> {
  const code = zip && codeOf(zip);
  const stores = regionsPerBucket(regions).flatMap(([first]) => first ?? []);
  const found = await Promise.all(
    stores.map(async region => {
      const { bucket } = region;
      const items = listed?.bucket === bucket ? listed.items : await listNamed(region, prefix, id);
      const keys = new Map(items.map(item => [item.key, item]));
      const item = keys.get(codeKey(prefix, id));
      const coded = zip !== undefined && item !== undefined && (await holds(region, item, zip));
      return { bucket, recorded: keys.has(releaseKey(prefix, id)), coded };
    }),
  );
  const bucketsWith = (fact: 'recorded' | 'coded') =>
    new Set(found.flatMap(facts => (facts[fact] ? [facts.bucket] : [])));
  return { id, code, recorded: bucketsWith('recorded'), coded: bucketsWith('coded') };
}

async function listNamed({ clients, call, bucket }: Region, prefix: string, id: string) {
  const inventory = await openInventory(clients, call);
  return (await inventory.objects(bucket, `${prefix}releases/${id}.`)).items;
}

/**
 * An ETag that is the MD5 of these very bytes proves them: who could write others with the same ETag would have to find
 * a second preimage of it. Any other ETag (KMS, multipart, other bytes) proves nothing: their SHA-256 decides.
 */
async function holds({ objects, bucket }: Region, { key, size, etag }: ListedObject, zip: Buffer) {
  if (size === zip.length && etag === `"${md5Of(zip)}"`) return true;
  return (await readObject(objects, bucket, { s3: { key }, ...codeOf(zip) })) !== undefined;
}

/** undefined where FIPS forbids it. */
function md5Of(bytes: Buffer): string | undefined {
  try {
    return createHash('md5').update(bytes).digest('hex');
  } catch {
    return undefined;
  }
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

/** Where the goal's channel points in a bucket; null: nowhere, or no channel is asked for. */
export type ChannelReader = (region: Pick<Region, 'bucket' | 'objects'>) => Promise<string | null>;

/** Asks each bucket once, however many regions and questions share it. */
export function channelReader({ lock, channel }: Pick<PublishGoal, 'lock' | 'channel'>): ChannelReader {
  const asked = new Map<string, Promise<string | null>>();
  const read = async (objects: ObjectStore) => {
    if (channel === null) return null;
    const state = await readChannel(objects, prefixOf(lock), channel);
    return releaseOf(state.channel, entryOf(lock)) ?? null;
  };
  return ({ bucket, objects }) => {
    const answer = asked.get(bucket) ?? read(objects);
    asked.set(bucket, answer);
    return answer;
  };
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
