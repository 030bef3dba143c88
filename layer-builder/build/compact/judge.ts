/** Pure: what two probes of the same packages say about the bundle that the second one loaded. */
import { packageOf } from '../../read/bundle.ts';
import { firstDifference } from './compare.ts';
import type { Loaded, Probe } from './probe.ts';

export interface ImportTime {
  readonly specifier: string;
  readonly ms: number;
}

/** Location of each package whose bundle differs from what was installed → the first difference. */
export function compareProbes(
  specifiers: readonly string[],
  original: Probe,
  found: Probe,
): Map<string, string> {
  const faults = new Map<string, string>();
  for (const specifier of specifiers) {
    const [before, after] = [ways(original, specifier), ways(found, specifier)];
    for (const [index, way] of ['import', 'require'].entries()) {
      if (before[index]?.shape === undefined) continue;
      const difference =
        after[index]?.error !== undefined
          ? `fails with ${after[index]?.error}`
          : firstDifference(before[index]?.shape, after[index]?.shape);
      if (difference === undefined) continue;
      faults.set(`node_modules/${packageOf(specifier)}`, `${way} of it from the artifact: ${difference}`);
    }
  }
  const known = new Set(original.globals);
  const added = found.globals.find(name => !known.has(name));
  if (faults.size === 0 && added !== undefined)
    return blameAll(specifiers, `the artifact adds ${added} to globalThis`);
  return faults;
}

/** What `import` and `require` of one specifier gave. */
export function ways(probe: Probe, specifier: string): [Loaded, Loaded] {
  const loaded = probe.specifiers[specifier];
  return [loaded?.import ?? {}, loaded?.require ?? {}];
}

/** Milliseconds of each import, one after the other. */
export function importsOf(probe: Probe): ImportTime[] {
  return Object.entries(probe.specifiers).flatMap(
    ([
      specifier,
      {
        import: { ms },
      },
    ]) => (ms === undefined ? [] : [{ specifier, ms }]),
  );
}

/** The same fault for all of them, when nothing tells which one it was. */
export function blameAll(specifiers: readonly string[], reason: string): Map<string, string> {
  return new Map(specifiers.map(specifier => [`node_modules/${packageOf(specifier)}`, reason]));
}
