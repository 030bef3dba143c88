/** Whether a saved plan still fits the world. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { fail } from '../errors.ts';
import type { PublishPlan, PublishStep } from '../publish/types.ts';

/**
 * A step may have been done meanwhile: that is what was wanted. Anything else that differs was not foreseen by
 * whoever approved the plan. Throws `PLAN_AGED` with every difference.
 */
export function refuseAged(saved: PublishPlan, fresh: PublishPlan) {
  const differences = [...lockDifferences(saved, fresh), ...stepDifferences(saved, fresh)];
  if (differences.length === 0) return;
  fail(
    'PLAN_AGED',
    `the plan no longer fits (expected the world it was made for, found ${differences.join('; ')})`,
    {
      hint: 'make a new plan with --dry-run --plan-out, look at it, apply that',
      details: { differences },
    },
  );
}

function lockDifferences(saved: PublishPlan, fresh: PublishPlan): string[] {
  const digests = ({ goal: { lock, code } }: PublishPlan) => [
    ...lock.artifacts.map(({ name, digest }) => `${name} ${digest}`),
    `code ${code ?? 'none'}`,
  ];
  if (isDeepStrictEqual(digests(saved), digests(fresh))) return [];
  return [`another build: ${digests(fresh).join(', ')} instead of ${digests(saved).join(', ')}`];
}

function stepDifferences(saved: PublishPlan, fresh: PublishPlan): string[] {
  return fresh.regions.flatMap((region, index) => {
    if (region.error !== undefined) return [`${region.region} cannot be read: ${region.error.code}`];
    const before = saved.regions[index]?.steps ?? [];
    return region.steps
      .filter(step => !before.some(planned => isDeepStrictEqual(planned, step) || isDone(planned, step)))
      .map(step => `${step.region}: ${step.do} ${subject(step)} is not in the plan`);
  });
}

/** True when `now` says that what was planned has been done. */
function isDone(planned: PublishStep, now: PublishStep): boolean {
  if (subject(planned) !== subject(now) || planned.region !== now.region) return false;
  switch (planned.do) {
    case 'upload':
      return now.do === 'keep-object';
    case 'publish-layer':
      return now.do === 'keep-layer';
    case 'upload-code':
      return now.do === 'keep-code' || now.do === 'upload-code';
    case 'record-release':
      return now.do === 'keep-release' || now.do === 'record-release';
    case 'move-channel':
      return now.do === 'keep-channel' || (now.do === 'move-channel' && now.from === planned.from);
    case 'keep-release':
    case 'keep-code':
    case 'keep-object':
    case 'keep-layer':
    case 'share-layer':
    case 'keep-channel':
      return false;
  }
}

function subject(step: PublishStep): string {
  if ('artifact' in step) return `${'layerName' in step ? step.layerName : step.key} ${step.digest}`;
  if ('channel' in step) return `channel ${step.channel}`;
  if (step.do === 'upload-code' || step.do === 'keep-code') return 'the code';
  return 'release';
}
