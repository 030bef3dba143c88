/** Facts → the steps that make every region hold every artifact, as object and as layer. Pure. */
import type { Lock, LockArtifact } from '../../artifact/lock.ts';
import { regionsPerBucket } from '../publish/buckets.ts';
import { releasedLock } from '../publish/release.ts';
import type {
  ArtifactOutcome,
  KnownRelease,
  PublishGoal,
  PublishPlan,
  PublishStep,
  ReadableRegion,
  RegionFacts,
  RegionOutcome,
  RegionPlan,
  Target,
} from '../publish/types.ts';

/** Only what is missing is made; what is there by digest is kept. A second plan on the same world only keeps. */
export function planPublish(
  goal: PublishGoal,
  facts: readonly RegionFacts[],
  known?: KnownRelease,
): PublishPlan {
  const firstOfBucket = new Set(regionsPerBucket(facts).map(([first]) => first));
  const regions = facts.map((region): RegionPlan => {
    const target = { region: region.region, bucket: region.bucket };
    if (!region.readable) return { ...target, steps: [], error: region.error };
    const steps = goal.lock.artifacts.flatMap(artifact => artifactSteps(goal, target, artifact, region));
    // The record and the channel belong to the bucket: where regions share one, the first stands for all.
    if (firstOfBucket.has(region)) steps.push(...bucketSteps(goal, region, known));
    return { ...target, steps };
  });
  const writes = regions.flatMap(region => region.steps).filter(step => !step.do.startsWith('keep-')).length;
  return { formatVersion: 1, kind: 'publish', goal, regions, writes };
}

/** The lock of the release, when nothing has to be made for it: only then its ARNs and version ids are known. */
export function expectedLock(goal: PublishGoal, facts: readonly RegionFacts[]): Lock | undefined {
  const outcomes: RegionOutcome[] = [];
  for (const region of facts) {
    if (!region.readable) return undefined;
    const artifacts = goal.lock.artifacts.map(artifact => keptOutcome(artifact, region));
    const known = artifacts.filter(artifact => artifact !== undefined);
    if (known.length < artifacts.length) return undefined;
    outcomes.push({ region: region.region, bucket: region.bucket, complete: true, artifacts: known });
  }
  return releasedLock(goal.lock, outcomes);
}

function keptOutcome(
  { name, digest, size, s3 }: LockArtifact,
  { bucket, artifacts }: ReadableRegion,
): ArtifactOutcome | undefined {
  const { object, layer } = artifacts[name] ?? {};
  if (object === undefined || layer === undefined) return undefined;
  return {
    name,
    digest,
    size,
    key: s3.key,
    bucket,
    object: 'kept',
    layer: 'kept',
    sharedWith: [],
    ...(object.versionId ? { versionId: object.versionId } : {}),
    layerVersionArn: layer.arn,
  };
}

function artifactSteps(
  { layerNames, share }: PublishGoal,
  target: Target,
  { name, digest, size, s3: { key } }: LockArtifact,
  facts: ReadableRegion,
): PublishStep[] {
  const { object, layer, shared = new Set() } = facts.artifacts[name] ?? {};
  const of = { ...target, artifact: name, digest };
  const layerName = layerNames[name] ?? name;
  return [
    object === undefined
      ? { do: 'upload', ...of, key, size, if: 'absent' }
      : { do: 'keep-object', ...of, key, versionId: object.versionId ?? null },
    layer === undefined
      ? { do: 'publish-layer', ...of, layerName, if: 'no version has the digest' }
      : { do: 'keep-layer', ...of, layerName, arn: layer.arn, version: layer.version },
    ...share
      .filter(wanted => !shared.has(wanted))
      .map(wanted => ({ do: 'share-layer', ...of, layerName, with: wanted }) as const),
  ];
}

function bucketSteps(
  { channel, code }: PublishGoal,
  { region, bucket, channelRelease }: ReadableRegion,
  known: KnownRelease | undefined,
): PublishStep[] {
  const target = { region, bucket };
  const release = known?.id ?? null;
  const steps: PublishStep[] = [];
  if (code !== null) {
    const { digest = null, size = null } = known?.code ?? {};
    steps.push({ do: known?.coded.has(bucket) ? 'keep-code' : 'upload-code', ...target, digest, size });
  }
  if (release !== null && known?.recorded.has(bucket)) steps.push({ do: 'keep-release', ...target, release });
  else steps.push({ do: 'record-release', ...target, release, if: 'absent' });
  if (channel === null) return steps;
  if (release !== null && release === channelRelease)
    steps.push({ do: 'keep-channel', ...target, channel, release });
  else steps.push({ do: 'move-channel', ...target, channel, from: channelRelease, to: release });
  return steps;
}
