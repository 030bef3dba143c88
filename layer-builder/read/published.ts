/** What a region already holds of the artifacts: the object by its key, the layer version by its digest. */
import { digestOf } from '../../artifact/digest.ts';
import { isCodedError } from '../../artifact/error.ts';
import type { LockArtifact } from '../../artifact/lock.ts';
import { codeSha256Of } from '../aws/layers.ts';
import type { ObjectFacts, ObjectStore } from '../aws/objects.ts';
import type { Region } from '../aws/regions.ts';
import { fail } from '../errors.ts';
import type { ArtifactFacts, PublishGoal, RegionFacts } from '../publish/types.ts';

/** Reads one region. What goes wrong there is a fact of that region: the others are not held up. */
export async function readRegion(
  { region, bucket, objects, layers }: Region,
  goal: PublishGoal,
): Promise<RegionFacts> {
  try {
    const artifacts = await Promise.all(
      goal.artifacts.map(async (artifact): Promise<[string, ArtifactFacts]> => {
        const { name, digest, tree, published } = artifact;
        const content = { layerName: goal.layerNames[name] ?? name, digest, tree };
        const [object, layer] = await Promise.all([
          readObject(objects, bucket, artifact),
          layers.find(content, published[region]?.layerVersionArn),
        ]);
        return [name, { ...(object ? { object } : {}), ...(layer ? { layer } : {}) }];
      }),
    );
    return { region, bucket, readable: true, artifacts: Object.fromEntries(artifacts) };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { region, bucket, readable: false, error };
  }
}

/**
 * The object under the artifact's key, proved to hold its bytes; undefined when there is none.
 * Throws `PUBLISH_IMMUTABLE_COLLISION` when other bytes are there.
 */
export async function readObject(
  objects: ObjectStore,
  bucket: string,
  { s3: { key }, digest, size }: LockArtifact,
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
