/** What a publish will do or did, for people and as JSON. Pure. */
import type { Digest } from '../../artifact/digest.ts';
import { hexOf } from '../../artifact/digest.ts';
import type { LockArtifact } from '../../artifact/lock.ts';
import type { PublishPlan, PublishReport, PublishStep, RegionOutcome } from '../publish/types.ts';
import { describeError, formatError } from './error.ts';
import { bytes, count } from './table.ts';

export function formatPublish(report: PublishReport): string {
  const lines = report.regions.flatMap(formatRegion);
  for (const { bucket, code, release, channel } of report.buckets) {
    if (code !== null) lines.push(`code ${codeName(report.code)} ${code} in s3://${bucket}`);
    lines.push(`release ${report.release} ${release} in s3://${bucket}`);
    if (channel !== null) lines.push(`channel ${report.goal.channel} ${channel}`);
  }
  const { artifacts } = report.goal.lock;
  if (report.writes === 0 && report.complete) {
    const regions = report.regions.map(({ region }) => region).join(', ');
    lines.push(`nothing to publish: ${artifacts.map(shortName).join(', ')} already in ${regions}`);
  } else {
    const complete = report.regions.filter(region => region.complete).length;
    lines.push(
      `${count(report.writes, 'write')}, ${complete} of ${count(report.regions.length, 'region')} complete`,
    );
  }
  return lines.join('\n');
}

export function publishData({ goal, complete, writes, release, code, regions, buckets }: PublishReport) {
  const { service, runtime, architecture } = goal.lock;
  return {
    ...{ service, runtime, architecture, complete, writes, channel: goal.channel },
    ...{ release: release ?? null, code: code ?? null },
    regions: regions.map(region =>
      region.complete
        ? { ...region, error: null }
        : { ...region, artifacts: [], error: describeError(region.error) },
    ),
    buckets,
  };
}

export function formatPublishPlan(plan: PublishPlan): string {
  const lines = plan.regions.flatMap(({ region, error, steps }) =>
    error === undefined ? steps.map(formatStep) : [`${region}: ${formatError(error)}`],
  );
  const nothing = plan.writes === 0 && plan.regions.every(({ error }) => error === undefined);
  return [
    ...lines,
    nothing ? 'nothing to publish' : `${count(plan.writes, 'write')} to make; nothing was written`,
  ].join('\n');
}

/** The plan as it is saved; errors of regions as data. */
export function publishPlanData(plan: PublishPlan) {
  const regions = plan.regions.map(({ error, ...region }) =>
    error ? { ...region, error: describeError(error) } : region,
  );
  return { ...plan, regions };
}

function formatStep(step: PublishStep): string {
  const at = `${step.region}: ${step.do.padEnd(14)}`;
  switch (step.do) {
    case 'upload':
      return `${at} s3://${step.bucket}/${step.key}, ${bytes(step.size)}`;
    case 'keep-object':
      return `${at} s3://${step.bucket}/${step.key}`;
    case 'publish-layer':
      return `${at} ${step.layerName} from ${hexOf(step.digest).slice(0, 12)}`;
    case 'keep-layer':
      return `${at} ${step.arn}`;
    case 'share-layer':
      return `${at} ${step.layerName} with ${step.with}`;
    case 'upload-code':
    case 'keep-code':
      return `${at} ${step.digest === null ? 'with the lock of the layer versions' : codeName(step)}`;
    case 'record-release':
    case 'keep-release':
      return `${at} ${step.release ?? 'its id follows from the layer versions'}`;
    case 'move-channel':
      return `${at} ${step.channel} from ${step.from ?? 'nothing'} to ${step.to ?? 'the new release'}`;
    case 'keep-channel':
      return `${at} ${step.channel} at ${step.release}`;
  }
}

function formatRegion(outcome: RegionOutcome): string[] {
  if (!outcome.complete) return [`${outcome.region}: ${formatError(outcome.error)}`];
  return outcome.artifacts.flatMap(artifact => [
    `${outcome.region}: ${artifact.name} ${hexOf(artifact.digest).slice(0, 12)}, ${bytes(artifact.size)}`,
    `  ${artifact.object.padEnd(9)} s3://${artifact.bucket}/${artifact.key}`,
    `  ${artifact.layer.padEnd(9)} ${artifact.layerVersionArn}`,
    ...artifact.sharedWith.map(share => `  shared    with ${share}`),
  ]);
}

function codeName(
  code: { readonly digest: Digest | null; readonly size: number | null } | undefined,
): string {
  if (!code?.digest || code.size === null) return '';
  return `${hexOf(code.digest).slice(0, 12)} (${bytes(code.size)})`;
}

function shortName({ name, digest }: LockArtifact): string {
  return `${name} sha256:${hexOf(digest).slice(0, 12)}`;
}
