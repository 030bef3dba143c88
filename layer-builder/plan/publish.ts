/** Facts → the steps that make every region hold every artifact, as object and as layer. Pure. */
import type { LockArtifact } from '../../artifact/lock.ts';
import type {
  PublishGoal,
  PublishPlan,
  PublishStep,
  RegionFacts,
  RegionPlan,
  Target,
} from '../publish/types.ts';

/** Only what is missing is made; what is there by digest is kept. A second plan on the same world only keeps. */
export function planPublish(goal: PublishGoal, facts: readonly RegionFacts[]): PublishPlan {
  const regions = facts.map((region): RegionPlan => {
    const { region: name, bucket } = region;
    if (!region.readable) return { region: name, bucket, steps: [], error: region.error };
    const steps = goal.artifacts.flatMap(artifact =>
      stepsOf(goal, { region: name, bucket }, artifact, region),
    );
    return { region: name, bucket, steps };
  });
  return { formatVersion: 1, kind: 'publish', goal, regions, writes: regions.flatMap(writesOf).length };
}

function stepsOf(
  goal: PublishGoal,
  target: Target,
  artifact: LockArtifact,
  facts: RegionFacts & { readable: true },
): PublishStep[] {
  const { object, layer } = facts.artifacts[artifact.name] ?? {};
  const of = { ...target, artifact: artifact.name, digest: artifact.digest };
  const key = artifact.s3.key;
  const layerName = goal.layerNames[artifact.name] ?? artifact.name;
  return [
    object === undefined
      ? { do: 'upload', ...of, key, size: artifact.size, if: 'absent' }
      : { do: 'keep-object', ...of, key, versionId: object.versionId ?? null },
    layer === undefined
      ? { do: 'publish-layer', ...of, layerName, if: 'no version has the digest' }
      : { do: 'keep-layer', ...of, layerName, arn: layer.arn },
  ];
}

function writesOf(region: RegionPlan): PublishStep[] {
  return region.steps.filter(step => step.do === 'upload' || step.do === 'publish-layer');
}
