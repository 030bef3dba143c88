/** The function package as a part of a release: the same code with the lock of that release in it. */
import { isDeepStrictEqual } from 'node:util';
import type { Digest } from '../../artifact/digest.ts';
import { digestOf } from '../../artifact/digest.ts';
import { isCodedError } from '../../artifact/error.ts';
import type { Lock } from '../../artifact/lock.ts';
import { formatLock, lockFileName } from '../../artifact/lock.ts';
import { contentOf, defaultLimits, readArchive } from '../../handler/zip/read.ts';
import type { Region } from '../aws/regions.ts';
import type { ArtifactFile } from '../build/file.ts';
import { fileOf } from '../build/file.ts';
import { readConfig } from '../config.ts';
import { BuilderError, fail } from '../errors.ts';
import { findApp } from '../read/app.ts';
import { readManifest } from '../read/manifest.ts';
import type { Release, ReleaseCode } from './release.ts';
import { codeKey, prefixOf } from './release.ts';

/** Makes the function package of a release. */
export interface CodeSource {
  /** The same for the same code, whatever lock is in it. */
  readonly content: Digest;
  pack(lock: Lock): Promise<Buffer>;
}

/**
 * The project's own code; undefined for a project that has dependencies only: no app is configured and none lies in a
 * conventional place. Packs at once, so that whatever is wrong with the code is said before anything is sent, and each
 * lock once.
 *
 * Throws `APP_NOT_FOUND` for a configured app that is not there, and what `openPackager` and its `pack` throw.
 */
export async function readProjectCode(project: string, lock: Lock): Promise<CodeSource | undefined> {
  if (!(await hasApp(project))) return undefined;
  // Bundler and archiver: not before they are needed.
  const { openPackager } = await import('../package/index.ts');
  const packager = await openPackager(project);
  const packed = new Map<string, Promise<Buffer>>();
  const pack = (lock: Lock) => {
    const text = formatLock(lock);
    const zip = packed.get(text) ?? packager.pack(lock).then(({ zip }) => zip);
    packed.set(text, zip);
    return zip;
  };
  await pack(lock);
  return { content: packager.content, pack };
}

async function hasApp(project: string): Promise<boolean> {
  const config = await readConfig(project);
  try {
    findApp(project, config, readManifest(project));
    return true;
  } catch (error) {
    if (config.app === undefined && error instanceof BuilderError && error.code === 'APP_NOT_FOUND')
      return false;
    throw error;
  }
}

/** The code of a release that exists, from the first of its buckets that gives it. Fetched once, when it is needed. */
export function releasedCode(release: Release, regions: readonly Region[]): CodeSource | undefined {
  const { code } = release;
  if (code === undefined) return undefined;
  let bytes: Promise<Buffer> | undefined;
  return {
    content: code.digest,
    async pack(lock) {
      bytes ??= readFirst(regions, region =>
        readCode(code, codeKey(prefixOf(release.lock), release.id), region),
      );
      return isDeepStrictEqual(lock, release.lock) ? await bytes : await withLock(await bytes, lock);
    },
  };
}

async function readFirst(
  regions: readonly Region[],
  read: (region: Region) => Promise<Buffer>,
): Promise<Buffer> {
  let failure: unknown;
  for (const region of regions) {
    try {
      return await read(region);
    } catch (error) {
      if (!isCodedError(error)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** How a record names a function package. */
export function codeOf(zip: Buffer): ReleaseCode {
  return { digest: digestOf(zip), size: zip.length };
}

async function readCode(
  { digest, size }: ReleaseCode,
  key: string,
  { bucket, objects }: Region,
): Promise<Buffer> {
  const found = await objects.get(key);
  if (found === undefined) {
    return fail(
      'NOT_PUBLISHED',
      `the release has lost its code (expected s3://${bucket}/${key}, found none)`,
      {
        hint: 'restore the object from an older version of the bucket, or check that commit out and publish it',
        details: { bucket, key, digest },
      },
    );
  }
  if (digestOf(found.bytes) === digest) return found.bytes;
  return fail(
    'PUBLISH_IMMUTABLE_COLLISION',
    `s3://${bucket}/${key} holds other bytes (expected ${size} bytes ${digest}, found ${found.bytes.length} bytes)`,
    { hint: 'somebody wrote over an immutable name: find out who, delete the object, publish again' },
  );
}

/** The same package with another lock: layers that had to be made again have other ARNs. */
async function withLock(zip: Buffer, lock: Lock): Promise<Buffer> {
  const files = readArchive(zip, defaultLimits)
    .filter(({ kind, path }) => kind === 'file' && path !== lockFileName)
    .map((entry): ArtifactFile => fileOf(entry.path, contentOf(zip, entry)));
  const { writeZip } = await import('../build/zip.ts');
  return await writeZip([...files, fileOf(lockFileName, formatLock(lock))]);
}
