/** Pure: from the facts of a project to what is installed and what goes into which artifact. */
import type { LockEntry } from '../read/lockfile.ts';
import type { ProjectFacts } from '../read/project.ts';
import type { ArtifactConfig, Config } from '../types.ts';
import { layOut } from './layout.ts';
import type { Machine, Reach, Root } from './reach.ts';
import { planReach } from './reach.ts';
import { isProvided, planRoots } from './roots.ts';
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
  /** Everything that is installed, by its place in the install and in the zip. */
  readonly entries: ReadonlyMap<string, LockEntry>;
  readonly artifacts: readonly PlannedArtifact[];
  /** Specifiers of the app that an artifact must answer, e.g. `koa`, `date-fns/format`. */
  readonly specifiers: readonly string[];
}

/** Throws what `planInstall` throws. */
export function planBuild(facts: ProjectFacts): BuildPlan {
  const { config, lockfile, manifest, bundle } = facts;
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
      ...settings,
      roots,
      reach: planReach(entries, onTop(roots), machine),
    };
  });
  return {
    machine,
    install: planInstall(lockfile, manifest, roots, entries),
    entries,
    artifacts,
    specifiers: bundle.specifiers,
  };
}

/** Lambda runs Amazon Linux 2023: glibc 2.34, on x86-64 or on Graviton. */
export function machineOf(config: Config): Machine {
  return { os: 'linux', cpu: config.architecture === 'arm64' ? 'arm64' : 'x64', libc: 'glibc' };
}

/** What a person should know about a plan: scripts that do not run, copies, and what shadows the runtime's own. */
export function planWarnings(plan: Pick<BuildPlan, 'artifacts'>): string[] {
  return [...scriptWarnings(plan), ...copyWarnings(plan), ...shadowWarnings(plan)];
}

/**
 * Packages whose install script does not run here. Most only fetch or compile native code that the lockfile also
 * brings ready-made for the target; those that do not will fail to load.
 */
function scriptWarnings(plan: Pick<BuildPlan, 'artifacts'>): string[] {
  const packages = plan.artifacts.flatMap(artifact => artifact.reach.packages);
  const scripted = packages.filter(entry => entry.hasInstallScript && !hasBinaries(entry));
  return [...new Set(scripted.map(entry => `${entry.name}@${entry.version}`))].map(
    name =>
      `${name} has an install script, which never runs here: if it compiles native code, use a version with prebuilt binaries`,
  );
}

/** Each artifact is complete by itself, so what two need is in both. */
function copyWarnings(plan: Pick<BuildPlan, 'artifacts'>): string[] {
  const homes = new Map<string, string[]>();
  for (const { name, reach } of plan.artifacts) {
    for (const { location } of reach.packages) homes.set(location, [...(homes.get(location) ?? []), name]);
  }
  const shared = [...homes].filter(([, names]) => names.length > 1).map(([location]) => location);
  if (shared.length === 0) return [];
  const names = shared.map(location => location.split('node_modules/').pop());
  return [`in more than one artifact: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}`];
}

function shadowWarnings(plan: Pick<BuildPlan, 'artifacts'>): string[] {
  const names = plan.artifacts.flatMap(artifact => artifact.roots.filter(isProvided));
  return names.length === 0
    ? []
    : [`included though the runtime brings it: ${names.join(', ')}; this copy is taken instead`];
}

/** Platform packages among the optional dependencies are how prebuilt binaries come. */
function hasBinaries(entry: LockEntry): boolean {
  return Object.keys(entry.optionalDependencies).some(name => /(linux|arm64|x64)/.test(name));
}
