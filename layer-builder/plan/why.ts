/** Pure: who pulls a package in. */
import type { BuildPlan } from './build.ts';

export interface WhyPlace {
  readonly artifact: string;
  readonly version: string;
  readonly location: string;
  /** Chains of names from the app to the package, shortest first. */
  readonly chains: readonly (readonly string[])[];
}

/** Chains shown for one place: the shortest tell most. */
const mostChains = 5;
const longestChain = 30;

/** Every place at which the package enters an artifact, with the chains that lead there. */
export function explainPackage(plan: BuildPlan, name: string): WhyPlace[] {
  return plan.artifacts.flatMap(artifact =>
    artifact.reach.packages
      .filter(entry => entry.name === name)
      .map(entry => ({
        artifact: artifact.name,
        version: entry.version,
        location: entry.location,
        chains: chainsTo(entry.location, artifact.reach.requiredBy),
      })),
  );
}

/** Breadth first from the package towards the app, so the first chains found are the shortest. */
function chainsTo(location: string, requiredBy: ReadonlyMap<string, readonly string[]>): string[][] {
  const chains: string[][] = [];
  const queue: string[][] = [[location]];
  for (let path = queue.shift(); path && chains.length < mostChains; path = queue.shift()) {
    const askers = [...new Set(requiredBy.get(path[0] ?? '') ?? [])];
    for (const asker of askers) {
      if (!requiredBy.has(asker)) chains.push(['app', ...path.map(nameOf)]);
      else if (!path.includes(asker) && path.length < longestChain) queue.push([asker, ...path]);
    }
  }
  return chains.slice(0, mostChains);
}

function nameOf(location: string): string {
  return location.split('node_modules/').pop() ?? location;
}
