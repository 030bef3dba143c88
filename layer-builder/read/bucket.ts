/** Releases and channels of a bucket, a bounded number of them. */
import type { Inventory, ListedObject } from '../aws/inventory.ts';
import type { ObjectStore } from '../aws/objects.ts';
import type { Channel } from '../publish/channel.ts';
import { readChannel } from '../publish/channel.ts';
import type { Release } from '../publish/release.ts';
import { parseRelease } from '../publish/release.ts';

export interface BucketContents {
  readonly channels: readonly Channel[];
  /** Newest first, at most as many as asked for. */
  readonly releases: readonly Release[];
  /** Records that cannot be read: keys and why. */
  readonly damaged: readonly { readonly key: string; readonly message: string }[];
  /** Objects under `sha256/`. */
  readonly objects: readonly ListedObject[];
  /** False: the bucket holds more than one page of releases or objects; only the first was looked at. */
  readonly whole: boolean;
}

/** Reads one page of each list and the newest `limit` records. */
export async function readBucket(
  store: ObjectStore,
  inventory: Inventory,
  bucket: string,
  prefix: string,
  limit: number,
): Promise<BucketContents> {
  const [records, channels, objects] = await Promise.all([
    inventory.objects(bucket, `${prefix}releases/`),
    inventory.objects(bucket, `${prefix}channels/`),
    inventory.objects(bucket, `${prefix}sha256/`),
  ]);
  const newest = records.items
    .filter(isRecord)
    .sort((a, b) => b.modifiedAt - a.modifiedAt)
    .slice(0, limit);
  const read = await readRecords(
    store,
    bucket,
    newest.map(({ key }) => key),
  );
  return {
    ...read,
    channels: await Promise.all(channels.items.map(({ key }) => readNamed(store, prefix, key))),
    objects: objects.items,
    whole: [records, channels, objects].every(page => page.next === undefined),
  };
}

/** Function packages lie beside the records. */
export function isRecord({ key }: Pick<ListedObject, 'key'>): boolean {
  return key.endsWith('.json');
}

/** Reads release records; one that is damaged is told, and does not hide the others. */
export async function readRecords(store: ObjectStore, bucket: string, keys: readonly string[]) {
  const damaged: { key: string; message: string }[] = [];
  const releases = await Promise.all(
    keys.map(async key => {
      const found = await store.get(key);
      if (found === undefined) return [];
      try {
        return [parseRelease(found.bytes.toString(), `s3://${bucket}/${key}`)];
      } catch (error) {
        damaged.push({ key, message: error instanceof Error ? error.message : String(error) });
        return [];
      }
    }),
  );
  return { releases: releases.flat().sort(newestFirst), damaged };
}

function newestFirst(a: Release, b: Release): number {
  return Date.parse(b.origin.createdAt) - Date.parse(a.origin.createdAt) || (a.id < b.id ? -1 : 1);
}

async function readNamed(store: ObjectStore, prefix: string, key: string): Promise<Channel> {
  const name = key.slice(`${prefix}channels/`.length).replace(/\.json$/, '');
  return (await readChannel(store, prefix, name)).channel;
}
