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
            functions: region.functions.map(use => ({ ...use, agrees: agrees(use, region) })),
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
      const verdict = {
        yes: 'this build',
        no: 'another build',
        unknown: `from S3 (DEPS_SOURCE ${use.source ?? 'unset'})`,
      };
      lines.push(`  function ${use.name}: ${layers || 'no layer'}, ${verdict[agrees(use, region)]}`);
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

/** Whether `$LATEST` has exactly the layers of the present build; without layers its code alone knows. */
function agrees({ layers }: FunctionUse, { facts }: Readable): 'yes' | 'no' | 'unknown' {
  if (layers.length === 0) return 'unknown';
  const built = new Set(Object.values(facts.artifacts).map(({ layer }) => layer?.arn));
  return layers.length === built.size && layers.every(arn => built.has(arn)) ? 'yes' : 'no';
}
