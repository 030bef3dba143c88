/** What a build would make, weighed and held against the limits of AWS; the project is not written to. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planBuild } from '../plan/build.ts';
import type { PlanReport } from '../plan/report.ts';
import { reportPlan } from '../plan/report.ts';
import { readProject } from '../read/project.ts';
import type { BuildOptions } from '../types.ts';
import { installKey } from './install.ts';
import { makeArtifacts } from './make.ts';
import { buildPlaces } from './places.ts';

/**
 * Plans a build. Sizes are those of real files: an install of the last build is used where it is the same,
 * otherwise the packages are installed in the system's temporary folder and removed again.
 *
 * Throws the codes that `buildProject` throws.
 */
export async function planProject(project: string, options: BuildOptions = {}): Promise<PlanReport> {
  const facts = await readProject(project);
  const plan = planBuild(facts);
  const temporary = mkdtempSync(join(tmpdir(), 'layer-builder-plan-'));
  try {
    const own = buildPlaces(facts.project).installs;
    const installed = existsSync(join(own, installKey(plan.install, plan.machine)));
    const installs = installed ? own : join(temporary, 'installs');
    const made = await makeArtifacts(facts, plan, { installs, temporary }, options);
    const appBytes = facts.bundle.files.reduce((sum, file) => sum + file.bytes.length, 0);
    return reportPlan(facts, plan, made, appBytes);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
