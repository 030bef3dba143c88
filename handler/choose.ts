/** R2: which way an artifact comes, from the setting and the marker found in the layer. Pure. */

import { markerPath } from '../artifact/layout.ts';
import type { Lock, LockArtifact, Marker } from '../artifact/lock.ts';
import { HandlerError } from './errors.ts';
import type { SourceChoice } from './settings.ts';

/** What a marker must say. */
export type MarkerFacts = Pick<Marker, 'name' | 'tree' | 'runtime' | 'architecture'>;

export type Choice =
  | { readonly take: 'layer' }
  /** From a copy in the store or from S3. `found` is the layer's marker that was passed over, null without one. */
  | { readonly take: 'store'; readonly found: MarkerFacts | null };

/**
 * Chooses between the layer and the store. Only the tree, runtime and architecture of the lock decide: of two valid
 * sources with other content neither is merged nor preferred.
 *
 * Throws `DEPS_LAYER_MISMATCH` when `DEPS_SOURCE` is `layer` and the layer is absent or another one.
 */
export function chooseSource(
  source: SourceChoice,
  found: MarkerFacts | null,
  expected: MarkerFacts,
  layerRoot: string,
): Choice {
  if (source === 's3') return { take: 'store', found: null };
  if (found !== null && isSameMarker(found, expected)) return { take: 'layer' };
  if (source === 'auto') return { take: 'store', found };
  throw new HandlerError(
    'DEPS_LAYER_MISMATCH',
    `the layer does not hold ${expected.name} as locked (expected ${show(expected)}, found ${show(found)})`,
    {
      hint: 'attach the layer version that the lock names in published.<region>.layerVersionArn, or set DEPS_SOURCE=auto',
      details: {
        artifact: expected.name,
        marker: `${layerRoot}/${markerPath(expected.name)}`,
        expected,
        found,
      },
    },
  );
}

/** The marker that the lock asks for. */
export function expectedMarker(lock: Lock, artifact: LockArtifact): MarkerFacts {
  return {
    name: artifact.name,
    tree: artifact.tree,
    runtime: lock.runtime,
    architecture: lock.architecture,
  };
}

export function isSameMarker(a: MarkerFacts, b: MarkerFacts): boolean {
  return (
    a.name === b.name && a.tree === b.tree && a.runtime === b.runtime && a.architecture === b.architecture
  );
}

function show(marker: MarkerFacts | null): string {
  return marker === null ? 'no marker' : `${marker.tree} for ${marker.runtime} ${marker.architecture}`;
}
