/** What was published, written into deps.lock.json. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Lock, Published } from '../../artifact/lock.ts';
import { formatLock, lockFileName } from '../../artifact/lock.ts';
import { readLock } from '../read/built.ts';
import type { RegionOutcome } from './types.ts';

/** The lock with the outcome of some regions in it; what it said of other regions stays. Pure. */
export function withPublished(lock: Lock, outcomes: readonly RegionOutcome[]): Lock {
  const artifacts = lock.artifacts.map(artifact => {
    const published: Record<string, Published> = { ...artifact.published };
    for (const outcome of outcomes) {
      if (!outcome.complete) continue;
      const made = outcome.artifacts.find(
        other => other.name === artifact.name && other.digest === artifact.digest,
      );
      if (made === undefined) continue;
      const { bucket, versionId, layerVersionArn } = made;
      published[outcome.region] = {
        bucket,
        ...(versionId ? { versionId } : {}),
        ...(layerVersionArn ? { layerVersionArn } : {}),
      };
    }
    return { ...artifact, published };
  });
  return { ...lock, artifacts };
}

/**
 * Merges outcomes into the lock on disk, read afresh, with one atomic rename; writes nothing when nothing differs.
 * Synchronous, so that two regions that finish together do not undo each other.
 */
export function recordPublished(
  project: string,
  outcomes: readonly RegionOutcome[],
  file = lockFileName,
): Lock {
  const before = readLock(project, file);
  const after = withPublished(before, outcomes);
  if (formatLock(before) !== formatLock(after))
    writeAtomically(path.resolve(project, file), formatLock(after));
  return after;
}

/** Whole or not at all, also when the machine stops. */
export function writeAtomically(file: string, text: string) {
  const draft = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = openSync(draft, 'wx');
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
