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
  artifact: string,
  unpackedSize: number,
  largest: readonly { readonly name: string; readonly size: number }[],
): void {
  if (unpackedSize <= unpackedLimit) return;
  const top = [...largest].sort((a, b) => b.size - a.size).slice(0, 5);
  throw new BuilderError(
    'ARTIFACT_TOO_LARGE',
    `artifact ${artifact} is too large unpacked (expected at most ${count(unpackedLimit)} bytes, found ${count(unpackedSize)} bytes)`,
    {
      hint: `largest: ${top.map(item => `${item.name} ${count(item.size)} bytes`).join(', ')}; exclude what the app does not need, or move it to a lazy artifact that is only loaded from S3`,
      details: { artifact, expectedBytes: unpackedLimit, foundBytes: unpackedSize, largest: top },
    },
  );
}

function count(bytes: number): string {
  return bytes.toLocaleString('en-US');
}
