/** A release: the immutable record of what one publish confirmed. Its id is decided by its content. Pure. */
import type { Digest } from '../../artifact/digest.ts';
import { isDigest, sha256Hex } from '../../artifact/digest.ts';
import type { Lock, LockArtifact } from '../../artifact/lock.ts';
import { parseLock } from '../../artifact/lock.ts';
import type { Share } from '../aws/sharing.ts';
import { isShare } from '../aws/sharing.ts';
import { fail } from '../errors.ts';
import type { ImportTimes } from '../read/import-times.ts';
import { withPublished } from './lock.ts';
import type { RegionOutcome } from './types.ts';

/** Who made it, when and from what: told, but no part of the identity. */
export interface ReleaseOrigin {
  readonly createdAt: string;
  readonly createdBy: string;
  readonly commit: string | null;
  /** True when files under version control differed from the commit. */
  readonly dirty: boolean | null;
  /** Address of the pipeline run. */
  readonly run: string | null;
  readonly tool: string;
}

export interface Release {
  readonly formatVersion: 1;
  readonly id: string;
  /** With `published` of exactly the regions that the release is complete in. */
  readonly lock: Lock;
  /** Whom the layers are shared with: a layer that must be made again is shared again. */
  readonly share: readonly Share[];
  /** The function package with this very lock in it; absent from a release of dependencies alone. */
  readonly code?: ReleaseCode;
  /** What the build measured of each artifact, by its name; told, but no part of the identity. */
  readonly imports?: Readonly<Record<string, ImportTimes>>;
  readonly origin: ReleaseOrigin;
}

/** A function package: it lies beside its record, where no function may read. */
export interface ReleaseCode {
  readonly digest: Digest;
  /** Bytes of the zip. */
  readonly size: number;
}

const idPattern = /^[A-Za-z0-9_-]{1,64}-[0-9a-f]{16}$/;

/** What a record says beside its content. */
export type Told = Pick<Release, 'origin' | 'imports'>;

/** The release of a lock that says where everything is. Same state, same id. */
export function makeRelease(
  lock: Lock,
  share: readonly Share[],
  code: ReleaseCode | undefined,
  { origin, imports }: Told,
): Release {
  return {
    formatVersion: 1,
    id: releaseId(lock, share, code),
    lock,
    share,
    ...(code ? { code } : {}),
    ...(imports ? { imports } : {}),
    origin,
  };
}

/** The lock of a release that is complete in these regions and no others. */
export function releasedLock(lock: Lock, outcomes: readonly RegionOutcome[]): Lock {
  return withPublished(bareLock(lock), outcomes);
}

/** The lock without what earlier publishes left in it. */
function bareLock(lock: Lock): Lock {
  return {
    ...lock,
    artifacts: lock.artifacts.map((artifact): LockArtifact => ({ ...artifact, published: {} })),
  };
}

/** `<service>-<16 hexadecimal digits>`: what is in it and where it is, not who published it or when. */
export function releaseId(lock: Lock, share: readonly Share[], code?: ReleaseCode): string {
  const content = canonical({ lock, share: [...share].sort(), ...(code ? { code } : {}) });
  return `${lock.service.slice(0, 64)}-${sha256Hex(content).slice(0, 16)}`;
}

export function isReleaseId(text: string): boolean {
  return idPattern.test(text);
}

/** Regions that the release holds every artifact in. */
export function regionsOf(lock: Lock): string[] {
  const [first, ...others] = lock.artifacts;
  return Object.keys(first?.published ?? {})
    .filter(region => others.every(artifact => artifact.published[region] !== undefined))
    .sort();
}

/** `[prefix/]releases/<id>.json`; the prefix is that of the artifacts' keys. */
export function releaseKey(prefix: string, id: string): string {
  return `${prefix}releases/${id}.json`;
}

/** `[prefix/]releases/<id>.zip`, the function package: the id is over its digest, so the name is as immutable. */
export function codeKey(prefix: string, id: string): string {
  return `${prefix}releases/${id}.zip`;
}

/** What stands before `sha256/<hex>.zip` in the artifacts' keys, with its slash. */
export function prefixOf({ artifacts: [first] }: Pick<Lock, 'artifacts'>): string {
  return first === undefined ? '' : first.s3.key.replace(/sha256\/[0-9a-f]{64}\.zip$/, '');
}

export function formatRelease(release: Release): string {
  return `${JSON.stringify(release, null, 2)}\n`;
}

/** Reads a record back and checks that its id is that of its content. Throws `RELEASE_INVALID`. */
export function parseRelease(text: string, where: string): Release {
  let value: Release;
  try {
    value = JSON.parse(text);
    parseLock(JSON.stringify(value.lock));
    if (!value.share.every(isShare)) throw new TypeError('share');
    if (value.code !== undefined && !isDigest(value.code.digest)) throw new TypeError('code');
  } catch (cause) {
    return fail(
      'RELEASE_INVALID',
      `${where} is no release (expected a record of formatVersion 1, found other text)`,
      {
        hint: 'the record was damaged or written by another tool; publish again to make a new one',
        cause,
      },
    );
  }
  const id = releaseId(value.lock, value.share, value.code);
  if (value.formatVersion === 1 && value.id === id) return value;
  return fail('RELEASE_INVALID', `${where} was changed (expected the content of ${value.id}, found ${id})`, {
    hint: 'releases are immutable: promote another one, or publish again',
  });
}

/** JSON with sorted keys: the same facts in another order are the same release. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
