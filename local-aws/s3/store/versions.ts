/** What putting and deleting do to the versions of a key, for each state of versioning. Pure. */
import { S3Error } from '../errors.ts';
import { type DeleteMarker, nullVersion, type StoredObject, type Version, type Versioning } from './model.ts';

export type Versions = readonly Version[];

/** The version id a new object gets: a fresh one only when versioning is enabled. */
export function chooseVersionId(versioning: Versioning, fresh: () => string): string {
  return versioning === 'Enabled' ? fresh() : nullVersion;
}

/** Puts a version on top; it replaces the one with the same id, which only the null version can have. */
export function addVersion(versions: Versions, version: Version): Versions {
  return [version, ...versions.filter(({ versionId }) => versionId !== version.versionId)];
}

/** Deletes the current version: removes it, or hides it under a marker when the bucket has versioning. */
export function deleteCurrent(versions: Versions, versioning: Versioning, marker: DeleteMarker): Versions {
  return versioning === undefined ? [] : addVersion(versions, marker);
}

export function removeVersion(versions: Versions, versionId: string): Versions {
  return versions.filter(version => version.versionId !== versionId);
}

/** The object a plain read sees, if any. */
export function currentObject(versions: Versions): StoredObject | undefined {
  const [current] = versions;
  return current?.kind === 'object' ? current : undefined;
}

/**
 * Chooses the object to read. Throws `NoSuchKey`, `NoSuchVersion`, or `MethodNotAllowed` for a delete marker that was
 * named, each with the headers that tell of the marker.
 */
export function chooseObject(versions: Versions, key: string, versionId: string | undefined): StoredObject {
  const version = versionId === undefined ? versions[0] : versions.find(each => each.versionId === versionId);
  if (version?.kind === 'object') return version;
  const elements = { Key: key };
  const headers: Record<string, string> =
    version === undefined ? {} : { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
  if (versionId === undefined) throw new S3Error('NoSuchKey', undefined, { elements, headers });
  if (version === undefined)
    throw new S3Error('NoSuchVersion', undefined, { elements: { ...elements, VersionId: versionId } });
  throw new S3Error('MethodNotAllowed', undefined, {
    elements: { ResourceType: 'DeleteMarker' },
    headers: { ...headers, allow: 'DELETE', 'last-modified': new Date(version.lastModified).toUTCString() },
  });
}
