/** The function package: thin handler, the app's own code and the lock, as one small deterministic zip. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from '../../artifact/digest.ts';
import { digestOf, hexOf, treeOf } from '../../artifact/digest.ts';
import type { Lock } from '../../artifact/lock.ts';
import { formatLock, lockFileName, parseLock } from '../../artifact/lock.ts';
import type { ArtifactFile } from '../build/file.ts';
import { fileOf } from '../build/file.ts';
import { buildPlaces, withWorkFolder } from '../build/places.ts';
import { refuseCollisions } from '../build/walk.ts';
import { writeZip } from '../build/zip.ts';
import { BuilderError } from '../errors.ts';
import { directUploadLimit } from '../plan/limits.ts';
import { isProvided } from '../plan/roots.ts';
import type { ProjectFacts, ReadOptions } from '../read/project.ts';
import { readProject } from '../read/project.ts';
import type { FunctionPackage } from '../types.ts';
import { bundleHandler } from './handler.ts';

/**
 * Writes `.layer-builder/function.zip`: `index.mjs` and `app.mjs` with their chunks and assets, `deps.lock.json`.
 * The same project and lock make the same bytes.
 *
 * Throws what `openPackager` and its `pack` throw, `BUILD_NOT_FOUND` without a lock.
 */
export async function packageFunction(
  project: string,
  options: { readonly lock?: Lock } & ReadOptions = {},
): Promise<FunctionPackage> {
  const packager = await openPackager(project, options);
  const places = buildPlaces(packager.project);
  const { zip, files } = await packager.pack(options.lock ?? readLock(places.lock));
  await withWorkFolder(places, async temporary => {
    const work = join(temporary, 'function.zip');
    writeFileSync(work, zip);
    mkdirSync(dirname(places.functionZip), { recursive: true });
    renameSync(work, places.functionZip);
  });
  const digest = digestOf(zip);
  return {
    path: places.functionZip,
    size: zip.length,
    sha256: hexOf(digest),
    digest,
    files: files.map(({ path, size }) => ({ path, size })),
  };
}

/** Handler and app, bundled once, for as many locks as are asked for. */
export interface Packager {
  /** Absolute path. */
  readonly project: string;
  /** Digest of everything but the lock: the same code has the same, wherever it is published. */
  readonly content: Digest;
  /**
   * The function package with this lock in it; nothing is written. Throws `BUILD_NOT_FOUND` when the app imports a
   * package that the lock does not hold, `PACKAGE_TOO_LARGE` above Lambda's 50 MB for a direct upload.
   */
  pack(lock: Lock): Promise<{ readonly zip: Buffer; readonly files: readonly ArtifactFile[] }>;
}

/** Throws the codes of the project, and `BUNDLE_FAILED`. */
export async function openPackager(project: string, options: ReadOptions = {}): Promise<Packager> {
  const facts = await readProject(project, options);
  const code = [...(await bundleHandler()), ...facts.bundle.files].map(({ path, bytes }) =>
    fileOf(path, bytes),
  );
  return {
    project: facts.project,
    content: treeOf(code),
    async pack(lock) {
      requireBuilt(facts, lock);
      const files = [...code, fileOf(lockFileName, formatLock(lock))];
      refuseCollisions(files);
      const zip = await writeZip(files);
      refuseTooLarge(zip.length);
      return { zip, files };
    },
  };
}

function readLock(path: string): Lock {
  try {
    return parseLock(readFileSync(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new BuilderError('BUILD_NOT_FOUND', `there is no ${lockFileName} in the project`, {
      hint: 'run "layer-builder build" first',
      details: { expected: path },
    });
  }
}

/** An app that imports what no artifact holds would only fail at its first cold start. */
function requireBuilt(facts: ProjectFacts, lock: Lock): void {
  const held = new Set(lock.artifacts.flatMap(artifact => artifact.packages.map(({ name }) => name)));
  const excluded = new Set(facts.config.exclude);
  const missing = facts.bundle.packages.filter(
    name => !held.has(name) && !isProvided(name) && !excluded.has(name),
  );
  if (missing.length === 0) return;
  throw new BuilderError(
    'BUILD_NOT_FOUND',
    `the app imports ${missing.join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} in no artifact of the lock`,
    { hint: 'run "layer-builder build" again', details: { missing } },
  );
}

function refuseTooLarge(size: number): void {
  if (size <= directUploadLimit) return;
  throw new BuilderError(
    'PACKAGE_TOO_LARGE',
    `the function package is too large (expected at most ${directUploadLimit} bytes zipped, found ${size} bytes)`,
    {
      hint: 'large data belongs in S3 or in a package of an artifact',
      details: { expectedBytes: directUploadLimit, foundBytes: size },
    },
  );
}
