/** A saved publish plan, read back. */
import { readFileSync } from 'node:fs';
import { parseLock } from '../../artifact/lock.ts';
import { fail } from '../errors.ts';
import type { PublishPlan } from '../publish/types.ts';

/** Throws `PLAN_INVALID` when the file is absent, no plan, or of another format version. */
export function readPlan(file: string): PublishPlan {
  let plan: Partial<PublishPlan>;
  try {
    plan = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    return fail(
      'PLAN_INVALID',
      `cannot read the plan ${JSON.stringify(file)} (expected a file of --plan-out, found none)`,
      {
        hint: 'make one: layer-builder publish --dry-run --plan-out plan.json',
        cause,
      },
    );
  }
  const isPlan = plan.kind === 'publish' && plan.formatVersion === 1 && Array.isArray(plan.regions);
  if (!isPlan || plan.goal === undefined) {
    fail(
      'PLAN_INVALID',
      `no plan of ours (expected a publish plan of formatVersion 1, found ${plan.kind ?? 'other text'} ${plan.formatVersion ?? ''})`,
      {
        hint: 'make a new one with the same version of layer-builder that applies it',
      },
    );
  }
  parseLock(JSON.stringify(plan.goal.lock));
  return plan as PublishPlan;
}
