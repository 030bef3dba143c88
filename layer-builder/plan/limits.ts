/** Pure: the limits of AWS that an artifact can run into. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
import { BuilderError } from '../errors.ts';

/** Function code and all its layers together, unpacked, in bytes. */
export const unpackedLimit = 262_144_000;

/** A zip sent in the request itself, in bytes; larger ones go through S3. */
export const directUploadLimit = 52_428_800;

export const layersLimit = 5;

/** The init phase, in milliseconds; what takes longer is started again inside the first invocation. */
export const initLimitMs = 10_000;

/** The largest /tmp that a function can have, in MB. */
export const largestTmpMb = 10_240;

/** From this share of a limit on, a plan warns, and looks for a split that stays below. */
export const nearPercent = 80;

/** Environment variables of a function, names and values together, in bytes. */
export const environmentLimit = 4096;

/** Throws `ARTIFACT_TOO_LARGE` before anything is written or uploaded. */
export function refuseTooLarge(
  artifacts: readonly {
    readonly name: string;
    readonly unpackedSize: number;
    readonly packages: readonly { readonly name: string; readonly inArtifact: { readonly size: number } }[];
  }[],
): void {
  const tooLarge = artifacts.find(artifact => artifact.unpackedSize > unpackedLimit);
  if (tooLarge === undefined) return;
  const { name, unpackedSize, packages } = tooLarge;
  const largest = packages
    .map(item => ({ name: item.name, bytes: item.inArtifact.size }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 5);
  throw new BuilderError(
    'ARTIFACT_TOO_LARGE',
    `artifact ${name} is too large unpacked (expected at most ${count(unpackedLimit)} bytes, found ${count(unpackedSize)} bytes)`,
    {
      hint: `run "layer-builder plan": it proposes a split that fits; largest: ${largest.map(item => `${item.name} ${count(item.bytes)} bytes`).join(', ')}`,
      details: { artifact: name, expectedBytes: unpackedLimit, foundBytes: unpackedSize, largest },
    },
  );
}

/**
 * Refuses what no deployment could take, before anything is written or uploaded: `LAYER_LIMIT` above five layers,
 * `ARTIFACT_TOO_LARGE` when function and layers are too large together, or what only S3 brings does not fit in /tmp.
 */
export function refuseTogether(
  artifacts: readonly { readonly name: string; readonly unpackedSize: number; readonly layer: boolean }[],
  appBytes: number,
  tmpMb: number,
): void {
  const sumOf = (list: readonly { readonly unpackedSize: number }[]) =>
    list.reduce((sum, artifact) => sum + artifact.unpackedSize, 0);
  const hint = 'run "layer-builder plan": it proposes a split that fits';
  const layers = artifacts.filter(artifact => artifact.layer);
  if (layers.length > layersLimit) {
    throw new BuilderError(
      'LAYER_LIMIT',
      `too many layers (expected at most ${layersLimit}, found ${layers.length})`,
      { hint, details: { expected: layersLimit, found: layers.length } },
    );
  }
  const together = appBytes + sumOf(layers);
  if (together > unpackedLimit) {
    throw new BuilderError(
      'ARTIFACT_TOO_LARGE',
      `function and layers are too large together (expected at most ${count(unpackedLimit)} bytes unpacked, found ${count(together)} bytes)`,
      { hint, details: { expectedBytes: unpackedLimit, foundBytes: together } },
    );
  }
  const [disk, room] = [sumOf(artifacts.filter(artifact => !artifact.layer)), tmpMb * 1024 * 1024];
  if (disk > room) {
    throw new BuilderError(
      'ARTIFACT_TOO_LARGE',
      `what comes from S3 does not fit in /tmp (expected at most ${count(room)} bytes, found ${count(disk)} bytes)`,
      {
        hint: `raise function.tmp (MB, at most ${largestTmpMb})`,
        details: { expectedBytes: room, foundBytes: disk },
      },
    );
  }
}

function count(bytes: number): string {
  return bytes.toLocaleString('en-US');
}
