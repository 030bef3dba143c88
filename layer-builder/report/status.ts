/** What is published and used, for people and as JSON. Pure. */
import { hexOf } from '../../artifact/digest.ts';
import type { LockArtifact } from '../../artifact/lock.ts';
import type { PublishGoal } from '../publish/types.ts';
import type { FunctionUse, RegionStatus } from '../read/status.ts';
import { describeError, formatError } from './error.ts';

export function statusData(goal: PublishGoal, regions: readonly RegionStatus[]) {
  const { service, runtime, architecture, artifacts } = goal.lock;
  return {
    ...{ service, runtime, architecture },
    regions: regions.map(region =>
      region.readable
        ? {
            ...{ region: region.region, bucket: region.bucket, error: null, channels: region.channels },
            artifacts: artifacts.map(artifact => artifactState(artifact, region)),
            functions: region.functions.map(use => ({ ...use, agrees: agrees(use, region, goal) })),
            whole: region.whole,
          }
        : { region: region.region, bucket: region.bucket, error: describeError(region.error) },
    ),
  };
}

export function formatStatus(goal: PublishGoal, regions: readonly RegionStatus[]): string {
  const { service, architecture, artifacts } = goal.lock;
  const lines = [`${service} for ${architecture}`];
  for (const region of regions) {
    lines.push('', `${region.region}, s3://${region.bucket}`);
    if (!region.readable) {
      lines.push(`  ${formatError(region.error)}`);
      continue;
    }
    for (const artifact of artifacts) {
      const { object, layerVersionArn } = artifactState(artifact, region);
      const digest = hexOf(artifact.digest).slice(0, 12);
      lines.push(`  ${artifact.name} ${digest}: object ${object}, layer ${layerVersionArn ?? 'absent'}`);
    }
    for (const { channel, release } of region.channels) lines.push(`  channel ${channel}: ${release}`);
    for (const use of region.functions) {
      const layers = use.layers.map(arn => arn.split(':').slice(-2).join(':')).join(', ');
      const verdict = { yes: 'this build', no: 'another build', unknown: 'build not known' };
      const way = layers || `no layer, DEPS_SOURCE ${use.source ?? 'unset'}`;
      lines.push(`  function ${use.name}: ${way}, ${verdict[agrees(use, region, goal)]}`);
    }
    if (!region.whole) lines.push('  more functions than were looked at');
  }
  return lines.join('\n');
}

type Readable = RegionStatus & { readonly readable: true };

function artifactState({ name, digest }: LockArtifact, { facts }: Readable) {
  const { object, layer } = facts.artifacts[name] ?? {};
  return {
    ...{ name, digest, object: object === undefined ? 'absent' : 'present' },
    versionId: object?.versionId ?? null,
    layerVersionArn: layer?.arn ?? null,
  };
}

/** Whether `$LATEST` has exactly the present build: by the lock in its code, else by its layers. */
function agrees({ layers, digests }: FunctionUse, { facts }: Readable, { lock }: PublishGoal): Agreement {
  if (digests !== null)
    return isSameSet(
      digests,
      lock.artifacts.map(({ digest }) => digest),
    );
  if (layers.length === 0) return 'unknown';
  return isSameSet(
    layers,
    Object.values(facts.artifacts).map(({ layer }) => layer?.arn ?? ''),
  );
}

type Agreement = 'yes' | 'no' | 'unknown';

function isSameSet(a: readonly string[], b: readonly string[]): Agreement {
  return a.every(item => b.includes(item)) && b.every(item => a.includes(item)) ? 'yes' : 'no';
}
