/** What a build would make, weighed and held against the limits of AWS; the project is not written to. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planBuild } from '../plan/build.ts';
import type { PlanReport } from '../plan/report.ts';
import { reportPlan } from '../plan/report.ts';
import type { Natives } from '../plan/warnings.ts';
import { planWarnings } from '../plan/warnings.ts';
import { readProject } from '../read/project.ts';
import type { BuildOptions } from '../types.ts';
import { buildKey, findBuild } from './cache.ts';
import { installKey } from './install.ts';
import { makeArtifacts, nativesOf } from './make.ts';
import { findTargetNode } from './node.ts';
import { buildPlaces } from './places.ts';

/**
 * Plans a build. Sizes are those of real files: the last build and its install are used where they are the same,
 * otherwise packages are installed in the system's temporary folder and removed again.
 *
 * Throws the codes that `buildProject` throws.
 */
export async function planProject(project: string, options: BuildOptions = {}): Promise<PlanReport> {
  const facts = await readProject(project, options);
  const plan = planBuild(facts);
  const places = buildPlaces(facts.project);
  const key = buildKey(plan, facts, findTargetNode(facts.config.runtime, facts.project).version);
  const complete = (report: PlanReport, natives: Natives): PlanReport => ({
    ...report,
    warnings: [...planWarnings(plan, natives), ...report.warnings],
  });
  const last = options.force ? undefined : findBuild(places, key);
  if (last) return complete(JSON.parse(readFileSync(places.report, 'utf8')) as PlanReport, last.natives);
  const temporary = mkdtempSync(join(tmpdir(), 'layer-builder-plan-'));
  try {
    const own = places.installs;
    const installed = existsSync(join(own, installKey(plan.install, plan.machine)));
    const installs = installed ? own : join(temporary, 'installs');
    const made = await makeArtifacts(facts, plan, { installs, temporary }, { ...options, weighs: true });
    const appBytes = facts.bundle.files.reduce((sum, file) => sum + file.bytes.length, 0);
    return complete(reportPlan(facts, plan, made, appBytes), nativesOf(made));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
