/** Pure: which packages go into which artifact. */
import type { ArtifactConfig, Config } from '../types.ts';

/** Packages that every Lambda runtime brings along; shadowing them costs megabytes and start-up time. */
export function isProvided(name: string): boolean {
  return /^@(aws-sdk|smithy|aws-crypto|aws)\//.test(name);
}

export interface ArtifactRoots {
  readonly name: string;
  readonly roots: readonly string[];
}

/**
 * Imported by the app ∪ included − excluded − provided by the runtime, each package in one artifact: the one
 * that includes it, else the one that takes the rest. A provided package stays out unless it is included.
 */
export function planRoots(config: Config, imported: readonly string[]): readonly ArtifactRoots[] {
  const included = [...config.include, ...config.artifacts.flatMap(artifact => artifact.include)];
  const wanted = [...new Set([...imported, ...included])]
    .filter(name => included.includes(name) || !isProvided(name))
    .filter(name => !config.exclude.includes(name))
    .sort();
  const homes = new Map(config.artifacts.flatMap(({ name, include }) => include.map(item => [item, name])));
  const rest = config.artifacts.find(takesRest)?.name;
  return config.artifacts.map(({ name, exclude }) => ({
    name,
    roots: wanted.filter(item => (homes.get(item) ?? rest) === name && !exclude.includes(item)),
  }));
}

/** Whether the packages that no artifact names belong here: one that names neither packages nor files. */
export function takesRest({ include, assets }: ArtifactConfig): boolean {
  return include.length === 0 && assets.length === 0;
}

/** Specifiers of these roots. A root that no code names, because the configuration includes it, is its own. */
export function specifiersOf(roots: readonly string[], specifiers: readonly string[]): string[] {
  return roots.flatMap(root => {
    const named = specifiers.filter(specifier => specifier === root || specifier.startsWith(`${root}/`));
    return named.length > 0 ? named : [root];
  });
}
