/** The finished build on disk: the lock and the zips that it names, checked against each other. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { digestOf, hexOf } from '../../artifact/digest.ts';
import type { Lock, LockArtifact } from '../../artifact/lock.ts';
import { lockFileName, parseLock } from '../../artifact/lock.ts';
import { fail } from '../errors.ts';

/** Reads a project's lock. Throws `BUILD_NOT_FOUND`, `LOCK_INVALID`, `LOCK_VERSION`. */
export function readLock(project: string, file: string = lockFileName): Lock {
  const at = path.resolve(project, file);
  if (!existsSync(at)) {
    fail('BUILD_NOT_FOUND', `nothing is built (expected ${file} in the project, found none)`, {
      hint: 'run "layer-builder build" first',
      details: { expected: at },
    });
  }
  return parseLock(readFileSync(at, 'utf8'));
}

/** Where the build leaves an artifact's zip. */
export function artifactPath(
  project: string,
  { name, digest }: Pick<LockArtifact, 'name' | 'digest'>,
): string {
  return path.join(project, '.layer-builder', 'artifacts', `${name}-${hexOf(digest)}.zip`);
}

/**
 * The bytes of an artifact, proved to be those of the lock.
 * Throws `BUILD_NOT_FOUND` when the zip is absent or holds other bytes.
 */
export function readArtifact(project: string, artifact: LockArtifact): Buffer {
  const file = artifactPath(project, artifact);
  const hint = 'run "layer-builder build" again; publish, load and deploy take what the last build made';
  if (!existsSync(file)) {
    fail(
      'BUILD_NOT_FOUND',
      `the zip of artifact ${artifact.name} is gone (expected ${path.basename(file)}, found none)`,
      {
        hint,
        details: { expected: file },
      },
    );
  }
  const bytes = readFileSync(file);
  const found = digestOf(bytes);
  if (found !== artifact.digest) {
    fail(
      'BUILD_NOT_FOUND',
      `the zip of artifact ${artifact.name} is not the lock's (expected ${artifact.digest}, found ${found})`,
      {
        hint,
        details: { file, expected: artifact.digest, found, sizeBytes: bytes.length },
      },
    );
  }
  return bytes;
}
