/** Pure: what a person should know about a plan before trusting it. */
import { isNewer } from '../build/native/elf.ts';
import type { LockEntry } from '../read/lockfile.ts';
import { scriptDecision } from '../read/scripts.ts';
import type { BuildPlan } from './build.ts';
import { findNeed } from './reach.ts';
import { isProvided } from './roots.ts';

/** Packages that hold machine code for the target, by location; with the version of libstdc++'s symbols they ask for. */
export type Natives = Readonly<Record<string, string | null>>;

/** libstdc++ of gcc 11, which Amazon Linux 2023 has. https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html */
const glibcxx = '3.4.29';

/**
 * What a person should know: scripts that do not run, peers that are not there, content that nothing pins, copies, what
 * shadows the runtime's own, and native code that may ask too much.
 */
export function planWarnings(plan: Planned, natives: Natives): string[] {
  return [
    ...scriptWarnings(plan, natives),
    ...libraryWarnings(plan, natives),
    ...peerWarnings(plan),
    ...pinWarnings(plan),
    ...copyWarnings(plan),
    ...shadowWarnings(plan),
  ];
}

type Planned = Pick<BuildPlan, 'artifacts' | 'scripts' | 'entries'>;

/**
 * Packages whose install script does not run here, without machine code of their own or of a platform's package. What
 * the project has looked at and refused works without.
 */
function scriptWarnings({ artifacts, scripts, entries }: Planned, natives: Natives): string[] {
  const isReady = (entry: LockEntry) =>
    entry.location in natives ||
    Object.keys(entry.optionalDependencies).some(
      name => (findNeed(entries, entry.location, name)?.location ?? '') in natives,
    );
  const packages = artifacts.flatMap(artifact => artifact.reach.packages);
  const lines = packages.flatMap(entry => {
    const decision = entry.hasInstallScript && !isReady(entry) ? scriptDecision(scripts, entry) : false;
    if (decision === false) return [];
    const says = decision
      ? 'may run its install script elsewhere, but none'
      : 'has an install script, which never';
    return [
      `${entry.name}@${entry.version} ${says} runs here, and it brings no machine code ready-made for the target: if it needs any, use a version or a package with prebuilt binaries; if it works without, say so with "allowScripts": { "${entry.name}": false } in package.json`,
    ];
  });
  return [...new Set(lines)];
}

function libraryWarnings({ entries }: Planned, natives: Natives): string[] {
  return Object.entries(natives).flatMap(([location, version]) => {
    if (version === null || !isNewer(version, glibcxx)) return [];
    const name = entries.get(location)?.name ?? location;
    return [
      `${name} asks for GLIBCXX_${version} of libstdc++, and Amazon Linux 2023 has ${glibcxx}: try it on the target, or use an older version of it`,
    ];
  });
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
