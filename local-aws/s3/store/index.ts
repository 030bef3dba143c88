/** The store: all buckets of one data folder. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { S3Error } from '../errors.ts';
import { type Bucket, folders, loadBucket, recordFile } from './bucket.ts';
import { claimFolder } from './claim.ts';
import { listFolder, openWorkspace, readJson, type Workspace } from './files.ts';
import { createLocks } from './locks.ts';
import type { BucketRecord } from './model.ts';

export interface Store {
  readonly workspace: Workspace;
  /** In the order of their names. */ list(): readonly BucketRecord[];
  /** The record alone, without reading the bucket's index. Throws `NoSuchBucket`. */ record(
    name: string,
  ): BucketRecord;
  /** Throws `NoSuchBucket`. */ bucket(name: string): Promise<Bucket>;
  /** Creates a bucket, or returns the record of the one that has this name. */
  create(record: BucketRecord): Promise<{ readonly created: boolean; readonly record: BucketRecord }>;
  /** Throws `NoSuchBucket`, `BucketNotEmpty`. */ remove(name: string): Promise<void>;
  /** Gives the folder up. Every request must have ended. */ close(): Promise<void>;
}

interface Slot {
  readonly initial: BucketRecord;
  loading: Promise<Bucket> | undefined;
  loaded: Bucket | undefined;
}

/**
 * Opens the store in `folder`, which is made when absent.
 * Throws `LocalAwsError` `DATA_UNREADABLE` when another process holds the folder or a record is damaged.
 */
export async function openStore(folder: string): Promise<Store> {
  await mkdir(folder, { recursive: true });
  const release = await claimFolder(folder);
  try {
    return await openClaimed(folder, release);
  } catch (error) {
    await release();
    throw error;
  }
}

async function openClaimed(folder: string, close: () => Promise<void>): Promise<Store> {
  const home = path.join(folder, 'buckets');
  await mkdir(home, { recursive: true });
  const workspace = await openWorkspace(path.join(folder, 'tmp'));
  const slots = new Map<string, Slot>();
  const withLock = createLocks();
  for (const name of await listFolder(home)) {
    const initial = (await readJson(path.join(home, name, recordFile))) as BucketRecord | undefined;
    if (initial !== undefined) slots.set(name, { initial, loading: undefined, loaded: undefined });
  }
  const slotOf = (name: string): Slot => {
    const slot = slots.get(name);
    if (slot === undefined) throw new S3Error('NoSuchBucket', undefined, { elements: { BucketName: name } });
    return slot;
  };
  const load = async (name: string, slot: Slot): Promise<Bucket> => {
    slot.loaded = await loadBucket(path.join(home, name), slot.initial, workspace);
    return slot.loaded;
  };
  const bucket = async (name: string): Promise<Bucket> => {
    const slot = slotOf(name);
    slot.loading ??= load(name, slot);
    return slot.loading;
  };
  const record = (name: string): BucketRecord => {
    const slot = slotOf(name);
    return slot.loaded?.record ?? slot.initial;
  };
  return {
    workspace,
    bucket,
    record,
    list: () => [...slots.keys()].sort().map(record),
    create: wanted =>
      withLock(wanted.name, async () => {
        if (slots.has(wanted.name)) return { created: false, record: record(wanted.name) };
        const draft = workspace.temporary();
        for (const inner of folders) await mkdir(path.join(draft, inner), { recursive: true });
        await workspace.writeJson(path.join(draft, recordFile), wanted);
        await workspace.publish(draft, path.join(home, wanted.name));
        slots.set(wanted.name, { initial: wanted, loading: undefined, loaded: undefined });
        return { created: true, record: wanted };
      }),
    remove: name =>
      withLock(name, async () => {
        (await bucket(name)).retire();
        slots.delete(name);
        await workspace.discard(path.join(home, name));
      }),
    close,
  };
}
