/** What a publish did, for people and as JSON. Pure. */
import { hexOf } from '../../artifact/digest.ts';
import type { ArtifactOutcome, PublishReport, RegionOutcome } from '../publish/types.ts';
import { describeError, formatError } from './error.ts';
import { bytes, count } from './table.ts';

export function formatPublish(report: PublishReport): string {
  const lines = report.regions.flatMap(formatRegion);
  if (report.writes === 0 && report.complete) {
    const regions = report.regions.map(({ region }) => region).join(', ');
    lines.push(`nothing to publish: ${names(report)} already in ${regions}`);
  } else lines.push(`${count(report.writes, 'write')}, ${completeRegions(report)}`);
  if (report.release !== undefined) lines.push(`release ${report.release}`);
  return lines.join('\n');
}

export function publishData(report: PublishReport) {
  const { lock: _, release, regions, ...rest } = report;
  return {
    ...rest,
    release: release ?? null,
    regions: regions.map(region =>
      region.complete
        ? { ...region, error: null }
        : { ...region, artifacts: [], error: describeError(region.error) },
    ),
  };
}

function formatRegion(outcome: RegionOutcome): string[] {
  if (!outcome.complete) return [`${outcome.region}: ${formatError(outcome.error)}`];
  return outcome.artifacts.flatMap(artifact => [
    `${outcome.region}: ${artifact.name} ${hexOf(artifact.digest).slice(0, 12)}, ${bytes(artifact.size)}`,
    `  ${artifact.object.padEnd(9)} s3://${artifact.bucket}/${artifact.key}`,
    `  ${artifact.layer.padEnd(9)} ${artifact.layerVersionArn}`,
  ]);
}

function names({ regions }: PublishReport): string {
  const artifacts = new Map<string, ArtifactOutcome>();
  for (const region of regions) {
    if (region.complete) for (const artifact of region.artifacts) artifacts.set(artifact.name, artifact);
  }
  const words = [...artifacts.values()].map(
    ({ name, digest }) => `${name} sha256:${hexOf(digest).slice(0, 12)}`,
  );
  return `${words.join(' and ')} ${words.length === 1 ? 'is' : 'are'}`;
}

function completeRegions({ regions }: PublishReport): string {
  const complete = regions.filter(region => region.complete).length;
  return `${complete} of ${count(regions.length, 'region')} complete`;
}
