/** Multipart uploads in progress: a folder each, a JSON file and a blob for every part. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { S3Error } from '../errors.ts';
import { listFolder, randomName, readJson, type Workspace } from './files.ts';
import { createLocks } from './locks.ts';
import type { PartRecord, UploadRecord } from './model.ts';

export interface Upload {
  readonly record: UploadRecord;
  /** By part number. */ readonly parts: ReadonlyMap<number, PartRecord>;
}

export interface Uploads {
  all(): readonly Upload[];
  /** Throws `NoSuchUpload` unless this upload is in progress for this key. */ find(
    uploadId: string,
    key: string,
  ): Upload;
  create(record: UploadRecord): Promise<void>;
  /** Makes a finished temporary file the part of that number, in place of an earlier one. Throws `NoSuchUpload`. */
  putPart(upload: Upload, part: Omit<PartRecord, 'blob'>, temporary: string): Promise<void>;
  /** Runs `task` while no part can change. Throws `NoSuchUpload` when the upload ended meanwhile. */
  hold<T>(upload: Upload, task: () => Promise<T>): Promise<T>;
  /** Ends an upload and deletes its parts; call it while holding the upload. */ remove(
    upload: Upload,
  ): Promise<void>;
  pathOf(upload: Upload, part: PartRecord): string;
}

interface OpenUpload extends Upload {
  readonly parts: Map<number, PartRecord>;
}

const recordFile = 'upload.json';

/** Reads the uploads in `folder`; those that had completed when the process was killed are removed. */
export async function loadUploads(
  folder: string,
  workspace: Workspace,
  completed: ReadonlySet<string>,
): Promise<Uploads> {
  const uploads = new Map<string, OpenUpload>();
  for (const uploadId of await listFolder(folder)) {
    const upload = completed.has(uploadId) ? undefined : await loadUpload(path.join(folder, uploadId));
    if (upload === undefined) await workspace.discard(path.join(folder, uploadId));
    else uploads.set(uploadId, upload);
  }
  const withLock = createLocks();
  const folderOf = (upload: Upload) => path.join(folder, upload.record.uploadId);
  const hold = <T>(upload: Upload, task: () => Promise<T>) =>
    withLock(upload.record.uploadId, async () => {
      if (!uploads.has(upload.record.uploadId)) throw noSuchUpload(upload.record.uploadId);
      return task();
    });
  return {
    all: () => [...uploads.values()],
    find: (uploadId, key) => {
      const upload = uploads.get(uploadId);
      if (upload?.record.key !== key) throw noSuchUpload(uploadId);
      return upload;
    },
    create: async record => {
      const draft = workspace.temporary();
      await mkdir(draft);
      await workspace.writeJson(path.join(draft, recordFile), record);
      await workspace.publish(draft, path.join(folder, record.uploadId));
      uploads.set(record.uploadId, { record, parts: new Map() });
    },
    putPart: (upload, part, temporary) =>
      hold(upload, async () => {
        const blob = randomName();
        const earlier = upload.parts.get(part.number);
        await workspace.publish(temporary, path.join(folderOf(upload), blob));
        const record: PartRecord = { ...part, blob };
        await workspace.writeJson(path.join(folderOf(upload), `${part.number}.part.json`), record);
        uploads.get(upload.record.uploadId)?.parts.set(part.number, record);
        if (earlier !== undefined) await rm(path.join(folderOf(upload), earlier.blob), { force: true });
      }),
    hold,
    remove: async upload => {
      uploads.delete(upload.record.uploadId);
      await workspace.discard(folderOf(upload));
    },
    pathOf: (upload, part) => path.join(folderOf(upload), part.blob),
  };
}

async function loadUpload(folder: string): Promise<OpenUpload | undefined> {
  const record = (await readJson(path.join(folder, recordFile))) as UploadRecord | undefined;
  if (record === undefined) return undefined;
  const parts = new Map<number, PartRecord>();
  for (const name of await listFolder(folder)) {
    if (!name.endsWith('.part.json')) continue;
    const part = (await readJson(path.join(folder, name))) as PartRecord;
    parts.set(part.number, part);
  }
  return { record, parts };
}

function noSuchUpload(uploadId: string): S3Error {
  return new S3Error('NoSuchUpload', undefined, { elements: { UploadId: uploadId } });
}
