/** Pure: what a person should know about a plan before trusting it. */
import type { LockEntry } from '../read/lockfile.ts';
import { scriptDecision } from '../read/scripts.ts';
import type { BuildPlan } from './build.ts';
import { isProvided } from './roots.ts';

/** What a person should know about a plan: scripts that do not run, copies, and what shadows the runtime's own. */
export function planWarnings(plan: Planned): string[] {
  return [
    ...scriptWarnings(plan),
    ...peerWarnings(plan),
    ...pinWarnings(plan),
    ...copyWarnings(plan),
    ...shadowWarnings(plan),
  ];
}

type Planned = Pick<BuildPlan, 'artifacts' | 'scripts'>;

/**
 * Packages whose install script does not run here. Most only fetch or compile native code that the lockfile also
 * brings ready-made for the target; those that do not will fail to load. What the project has looked at and refused
 * works without.
 */
function scriptWarnings({ artifacts, scripts }: Planned): string[] {
  const packages = artifacts.flatMap(artifact => artifact.reach.packages);
  const scripted = packages.filter(entry => entry.hasInstallScript && !hasBinaries(entry));
  const lines = scripted.flatMap(entry => {
    const decision = scriptDecision(scripts, entry);
    if (decision === false) return [];
    const says = decision
      ? 'is allowed to run its install script, but none'
      : 'has an install script, which never';
    return [
      `${entry.name}@${entry.version} ${says} runs here: if it fetches or compiles native code, use a version with prebuilt binaries among its optional dependencies; if it works without, say so with "allowScripts": { "${entry.name}": false } in package.json`,
    ];
  });
  return [...new Set(lines)];
}

/** A peer that nothing provides is a warning to every client; most such packages never touch it. */
function peerWarnings({ artifacts }: Planned): string[] {
  const missing = artifacts.flatMap(artifact => artifact.reach.unresolved.filter(need => need.peer));
  const lines = missing.map(
    ({ name, from }) => `${nameOf(from)} wants ${name} beside it, which the lockfile does not hold`,
  );
  return [...new Set(lines)];
}

/** Yarn 2 and newer write no checksum of packages that only some machines install. */
function pinWarnings({ artifacts }: Planned): string[] {
  const open = artifacts.flatMap(artifact => artifact.reach.packages.filter(entry => entry.unpinned));
  const names = [...new Set(open.map(entry => `${entry.name}@${entry.version}`))];
  return names.length === 0
    ? []
    : [`yarn.lock holds no checksum of ${names.join(', ')}: only the digest of this build pins the content`];
}

function nameOf(location: string): string {
  return location.split('node_modules/').pop() ?? location;
}

/** Each artifact is complete by itself, so what two need is in both. */
function copyWarnings(plan: Planned): string[] {
  const homes = new Map<string, string[]>();
  for (const { name, reach } of plan.artifacts) {
    for (const { location } of reach.packages) homes.set(location, [...(homes.get(location) ?? []), name]);
  }
  const shared = [...homes].filter(([, names]) => names.length > 1).map(([location]) => location);
  if (shared.length === 0) return [];
  const names = shared.map(location => location.split('node_modules/').pop());
  return [`in more than one artifact: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}`];
}

function shadowWarnings(plan: Planned): string[] {
  const names = plan.artifacts.flatMap(artifact => artifact.roots.filter(isProvided));
  return names.length === 0
    ? []
    : [`included though the runtime brings it: ${names.join(', ')}; this copy is taken instead`];
}

/** Platform packages among the optional dependencies are how prebuilt binaries come. */
function hasBinaries(entry: LockEntry): boolean {
  return Object.keys(entry.optionalDependencies).some(name => /(linux|arm64|x64)/.test(name));
}
