/** Pure: the limits of AWS that an artifact can run into. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
import { BuilderError } from '../errors.ts';

/** Function code and all its layers together, unpacked, in bytes. */
export const unpackedLimit = 262_144_000;

/** A zip sent in the request itself, in bytes; larger ones go through S3. */
export const directUploadLimit = 52_428_800;

export const layersLimit = 5;

/** The init phase, in milliseconds; what takes longer is started again inside the first invocation. */
export const initLimitMs = 10_000;

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

function count(bytes: number): string {
  return bytes.toLocaleString('en-US');
}
