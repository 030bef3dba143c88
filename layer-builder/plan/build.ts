/** Pure: from the facts of a project to what is installed and what goes into which artifact. */
import type { LockEntry } from '../read/lockfile.ts';
import type { ProjectFacts } from '../read/project.ts';
import type { ScriptPolicy } from '../read/scripts.ts';
import type { ArtifactConfig } from '../types.ts';
import { layOut } from './layout.ts';
import type { Machine, Reach, Root } from './reach.ts';
import { machineOf, planReach } from './reach.ts';
import { planRoots } from './roots.ts';
import type { InstallInput } from './subset.ts';
import { planInstall } from './subset.ts';

export interface PlannedArtifact extends ArtifactConfig {
  /** Packages that the app imports by name. */
  readonly roots: readonly string[];
  readonly reach: Reach;
}

export interface BuildPlan {
  readonly machine: Machine;
  readonly install: InstallInput;
  /** What the project decided about install scripts. */
  readonly scripts: ScriptPolicy;
  /** Everything that is installed, by its place in the install and in the zip. */
  readonly entries: ReadonlyMap<string, LockEntry>;
  readonly artifacts: readonly PlannedArtifact[];
  /** Specifiers of the app that an artifact must answer, e.g. `koa`, `date-fns/format`. */
  readonly specifiers: readonly string[];
  /** Those of them that are loaded before any of the app's code runs. */
  readonly started: readonly string[];
}

/** Throws what `planInstall` throws. */
export function planBuild(facts: ProjectFacts): BuildPlan {
  const { config, lockfile, bundle } = facts;
  const machine = machineOf(config);
  const chosen = planRoots(config, bundle.packages);
  const roots = chosen
    .flatMap(artifact => artifact.roots)
    .map((name): Root => ({ name, from: bundle.importedFrom[name] ?? lockfile.projectLocation }));
  const entries = layOut(lockfile, roots, machine);
  const onTop = (names: readonly string[]) => names.map((name): Root => ({ name, from: '' }));
  const artifacts = chosen.map(({ name, roots }) => {
    const settings = config.artifacts.find(artifact => artifact.name === name);
    return {
      name,
      load: 'eager' as const,
      layer: true,
      include: [],
      exclude: [],
      assets: [],
      ...settings,
      roots,
      reach: planReach(entries, onTop(roots), machine),
    };
  });
  return {
    machine,
    scripts: facts.scripts,
    install: planInstall(facts, roots, entries, machine),
    entries,
    artifacts,
    specifiers: bundle.specifiers,
    started: bundle.started,
  };
}
