/** The thin place where a publish plan becomes calls. Each region by itself: a dead one stops no other. */
import { isCodedError } from '../../artifact/error.ts';
import type { LockArtifact } from '../../artifact/lock.ts';
import type { LayerVersion } from '../aws/layers.ts';
import type { Region } from '../aws/regions.ts';
import type { Share } from '../aws/sharing.ts';
import { fail } from '../errors.ts';
import { readArtifact } from '../read/built.ts';
import { storeOnce } from './store.ts';
import type { ArtifactOutcome, PublishGoal, PublishStep, RegionOutcome, RegionPlan } from './types.ts';

export interface ApplyContext {
  readonly project: string;
  readonly goal: PublishGoal;
  readonly progress: (line: string) => void;
}

/** Applies the steps of one region. Throws only what is a fault of ours. */
export async function applyRegion(
  region: Region,
  plan: RegionPlan,
  context: ApplyContext,
): Promise<RegionOutcome> {
  const target = { region: plan.region, bucket: plan.bucket };
  if (plan.error !== undefined) return { ...target, complete: false, error: plan.error };
  try {
    const artifacts = await Promise.all(
      context.goal.lock.artifacts.map(artifact => applyArtifact(region, plan, artifact, context)),
    );
    return { ...target, complete: true, artifacts };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { ...target, complete: false, error };
  }
}

/** The object first: the layer is made from the very bytes that the loader downloads. */
async function applyArtifact(
  region: Region,
  plan: RegionPlan,
  artifact: LockArtifact,
  context: ApplyContext,
): Promise<ArtifactOutcome> {
  const steps = plan.steps.filter(step => 'artifact' in step && step.artifact === artifact.name);
  const object = await applyObject(region, stepOf(steps, 'upload', 'keep-object'), artifact, context);
  const layer = await applyLayer(
    region,
    stepOf(steps, 'publish-layer', 'keep-layer'),
    artifact,
    object,
    context,
  );
  const sharedWith = await applyShares(region, steps, layer, context);
  const { name, digest, size, s3 } = artifact;
  return {
    name,
    digest,
    size,
    key: s3.key,
    object: object.written ? 'uploaded' : 'kept',
    layer: layer.written ? 'published' : 'kept',
    sharedWith,
    bucket: region.bucket,
    ...(object.versionId ? { versionId: object.versionId } : {}),
    layerVersionArn: layer.arn,
  };
}

async function applyObject(
  region: Region,
  step: PublishStep & { do: 'upload' | 'keep-object' },
  artifact: LockArtifact,
  { project, progress }: ApplyContext,
): Promise<{ written: boolean; versionId?: string | undefined }> {
  if (step.do === 'keep-object') return { written: false, versionId: step.versionId ?? undefined };
  progress(
    `${step.region}: uploading ${step.artifact}, ${step.size} bytes, to s3://${step.bucket}/${step.key}`,
  );
  return await storeOnce(region, artifact, readArtifact(project, artifact));
}

async function applyLayer(
  { bucket, layers }: Region,
  step: PublishStep & { do: 'publish-layer' | 'keep-layer' },
  artifact: LockArtifact,
  object: { versionId?: string | undefined },
  { goal, progress }: ApplyContext,
): Promise<LayerVersion & { written: boolean }> {
  if (step.do === 'keep-layer') return { written: false, arn: step.arn, version: step.version };
  if (goal.storage === 'reference' && !object.versionId) {
    fail('PUBLISH_FAILED', `s3://${bucket} keeps no versions (expected a version to refer to, found none)`, {
      hint: 'turn versioning on and publish again, or leave --storage reference out',
    });
  }
  progress(`${step.region}: publishing layer ${step.layerName}`);
  const { digest, tree, s3 } = artifact;
  const version = await layers.publish({
    layerName: step.layerName,
    digest,
    tree,
    bucket,
    key: s3.key,
    ...(object.versionId ? { versionId: object.versionId } : {}),
    runtime: goal.lock.runtime,
    architecture: goal.lock.architecture,
    storage: goal.storage,
  });
  return { written: true, ...version };
}

/** Adds what is missing and reads it back: a layer that is thought to be shared and is not breaks others' deploys. */
async function applyShares(
  { sharing }: Region,
  steps: readonly PublishStep[],
  { version }: LayerVersion,
  { progress }: ApplyContext,
): Promise<Share[]> {
  const wanted = steps.filter(step => step.do === 'share-layer');
  const [first] = wanted;
  if (first === undefined) return [];
  for (const step of wanted) {
    progress(`${step.region}: sharing ${step.layerName}:${version} with ${step.with}`);
    await sharing.add(step.layerName, version, step.with);
  }
  const found = await sharing.read(first.layerName, version);
  for (const step of wanted) {
    if (found.has(step.with)) continue;
    fail(
      'PUBLISH_FAILED',
      `${step.layerName}:${version} is not shared (expected ${step.with} in its policy, found it missing)`,
      {
        hint: 'somebody removes permissions at the same time; publish again',
      },
    );
  }
  return wanted.map(step => step.with);
}

function stepOf<Kind extends PublishStep['do']>(steps: readonly PublishStep[], ...kinds: Kind[]) {
  const step = steps.find((step): step is PublishStep & { do: Kind } => kinds.some(kind => kind === step.do));
  if (step === undefined) throw new Error(`the plan has no step ${kinds.join(' or ')}`);
  return step;
}
