/** What promote and rollback did. Pure. */
import type { PointReport } from '../publish/point.ts';
import type { StageOutcome } from '../publish/stage.ts';
import { describeError, formatError } from './error.ts';
import { milliseconds } from './table.ts';

export function formatPoint({ channel, asked, release, regions, buckets, functions }: PointReport): string {
  const lines = regions.flatMap(outcome => {
    if (!outcome.complete) return [`${outcome.region}: ${formatError(outcome.error)}`];
    const made = outcome.artifacts.filter(({ layer }) => layer === 'published');
    return made.map(
      ({ name, layerVersionArn }) =>
        `${outcome.region}: layer of ${name} was gone, made again: ${layerVersionArn}`,
    );
  });
  if (release !== undefined && release !== asked) lines.push(`${asked} continues as ${release}`);
  const moved = buckets.some(bucket => bucket.channel === 'moved');
  lines.push(
    moved ? `channel ${channel} points to ${release}` : `channel ${channel} already points to ${release}`,
  );
  lines.push(...functions.map(formatFunction));
  return lines.join('\n');
}

function formatFunction({ region, functionName, outcome, version, from, why, smoke }: StageOutcome): string {
  if (outcome === 'left') return `${region}: the channel moved alone: ${why}`;
  if (outcome === 'kept') return `${region}: ${functionName} runs it already, live at version ${version}`;
  const tested = smoke.map(({ path, status, ms }) => `GET ${path} → ${status} in ${milliseconds(ms)}`);
  return `${region}: ${functionName} is live at version ${version}, was ${[from, ...tested].join('; ')}`;
}

export function pointData({ lock, regions, release, ...report }: PointReport) {
  const { service, architecture } = lock;
  return {
    service,
    architecture,
    ...report,
    release: release ?? null,
    regions: regions.map(outcome =>
      outcome.complete
        ? { ...outcome, error: null }
        : { ...outcome, artifacts: [], error: describeError(outcome.error) },
    ),
  };
}
