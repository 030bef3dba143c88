/** What was resolved at cold start, as the handler reports it. */
import { type Answer, json } from '../declare.ts';
import type { ResolvedArtifact } from '../dependencies.ts';
import type { Services } from '../services.ts';
import { serviceVersion } from '../version.ts';

/** Versions by package name; where two artifacts hold the same package, the first wins, as it does at import. */
export function answerVersions({ dependencies }: Services): Answer {
  const packages = artifactsOf(dependencies).flatMap(artifact => artifact.packages);
  const versions = Object.fromEntries(packages.toReversed().map(({ name, version }) => [name, version]));
  return json({ service: serviceVersion, node: process.version, dependencies: versions });
}

export function answerDependencies({ dependencies }: Services): Answer {
  const artifacts = artifactsOf(dependencies).map(({ name, source, digest, tree, packages, phases }) => ({
    name,
    source,
    digest,
    tree,
    packages: packages.map(({ name, version }) => ({ name, version })),
    phases: Object.fromEntries(
      Object.entries(phases).map(([phase, ms]) => [phase, Math.round((ms ?? 0) * 1000) / 1000]),
    ),
  }));
  return json({ artifacts });
}

function artifactsOf(dependencies: Services['dependencies']): readonly ResolvedArtifact[] {
  return dependencies?.artifacts ?? [];
}
