/** One bucket on disk: a JSON file per key beside the blobs, and an index in memory that is read on first use. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { S3Error } from '../errors.ts';
import { listFolder, readJson, type Workspace } from './files.ts';
import { compareKeys, deleteKey, insertKey } from './keys.ts';
import { createLocks } from './locks.ts';
import type { BucketRecord, ObjectRecord, Version } from './model.ts';
import { loadUploads, type Uploads } from './uploads.ts';
import type { Versions } from './versions.ts';

export interface Bucket {
  readonly record: BucketRecord;
  /** Every key that has a version, delete markers included, in S3's order. */ readonly keys: readonly string[];
  readonly uploads: Uploads;
  /** Newest first; empty when the key has none. */ versionsOf(key: string): Versions;
  /**
   * Replaces the versions of a key in one durable step, alone on this key. `decide` may throw: nothing is changed then.
   * With `upload`, the finished temporary file becomes the blob of that name first. Blobs that no version names any
   * more are deleted. Throws `NoSuchBucket` when the bucket went away meanwhile.
   */
  change<T>(
    key: string,
    decide: (versions: Versions) => { readonly versions: Versions; readonly result: T },
    upload?: { readonly temporary: string; readonly blob: string },
  ): Promise<T>;
  pathOf(blob: string): string;
  /** Replaces the record in one durable step, one change at a time. */
  configure(change: (record: BucketRecord) => BucketRecord): Promise<void>;
  /** Closes the bucket for good. Throws `BucketNotEmpty` while it holds a version or is being written to. */
  retire(): void;
}

export const recordFile = 'bucket.json';
/** The folders inside a bucket's folder. */
export const folders = ['objects', 'blobs', 'uploads'] as const;

/** Reads the index of the bucket in `folder` and deletes blobs that no object names: a process was killed there. */
export async function loadBucket(
  folder: string,
  initial: BucketRecord,
  workspace: Workspace,
): Promise<Bucket> {
  const objects = await loadObjects(path.join(folder, 'objects'));
  await sweepBlobs(path.join(folder, 'blobs'), objects.values());
  const completed = new Set([...objects.values()].flat().flatMap(uploadIdsOf));
  const uploads = await loadUploads(path.join(folder, 'uploads'), workspace, completed);
  const keys = [...objects.keys()].sort(compareKeys);
  const withLock = createLocks();
  let record = initial;
  let writers = 0;
  let retired = false;

  const pathOf = (blob: string) => path.join(folder, 'blobs', blob);
  const guard = () => {
    if (retired) throw new S3Error('NoSuchBucket', undefined, { elements: { BucketName: record.name } });
  };
  /** Counts a change in progress, so that the bucket is not taken for empty below it. */
  const writing = async <T>(lock: string, task: () => Promise<T>): Promise<T> => {
    guard();
    writers += 1;
    try {
      return await withLock(lock, task);
    } finally {
      writers -= 1;
    }
  };
  const store = async (key: string, versions: Versions) => {
    const file = path.join(folder, 'objects', fileOf(key));
    if (versions.length > 0) {
      await workspace.writeJson(file, { key, versions } satisfies ObjectRecord);
      objects.set(key, versions);
      insertKey(keys, key);
    } else if (objects.has(key)) {
      await workspace.discard(file);
      objects.delete(key);
      deleteKey(keys, key);
    }
  };

  return {
    get record() {
      return record;
    },
    keys,
    uploads,
    versionsOf: key => objects.get(key) ?? [],
    change: (key, decide, upload) =>
      writing(`key:${key}`, async () => {
        const before = objects.get(key) ?? [];
        const { versions, result } = decide(before);
        if (upload !== undefined) await workspace.publish(upload.temporary, pathOf(upload.blob));
        if (versions !== before) await store(key, versions);
        const kept = new Set(blobsOf(versions));
        for (const blob of blobsOf(before)) if (!kept.has(blob)) await dropBlob(pathOf(blob));
        return result;
      }),
    pathOf,
    configure: change =>
      writing('record', async () => {
        const next = change(record);
        await workspace.writeJson(path.join(folder, recordFile), next);
        record = next;
      }),
    retire: () => {
      guard();
      if (keys.length > 0 || writers > 0) throw new S3Error('BucketNotEmpty');
      retired = true;
    },
  };
}

/** Keys hold any character and any length up to 1,024 bytes; file names do not. */
function fileOf(key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.json`;
}

async function loadObjects(folder: string): Promise<Map<string, Versions>> {
  const objects = new Map<string, Versions>();
  const names = [...(await listFolder(folder))];
  const readNext = async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const record = (await readJson(path.join(folder, name))) as ObjectRecord;
      objects.set(record.key, record.versions);
    }
  };
  await Promise.all(Array.from({ length: 16 }, readNext));
  return objects;
}

async function sweepBlobs(folder: string, objects: Iterable<Versions>): Promise<void> {
  const named = new Set([...objects].flatMap(blobsOf));
  for (const blob of await listFolder(folder))
    if (!named.has(blob)) await rm(path.join(folder, blob), { force: true });
}

/** The change is made and will be acknowledged: what cannot be deleted now is swept at the next start. */
async function dropBlob(file: string): Promise<void> {
  await rm(file, { force: true }).catch(() => {});
}

function blobsOf(versions: Versions): string[] {
  return versions.flatMap((version: Version) => (version.kind === 'object' ? [version.blob] : []));
}

function uploadIdsOf(version: Version): string[] {
  return version.kind === 'object' && version.uploadId !== undefined ? [version.uploadId] : [];
}
