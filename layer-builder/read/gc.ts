/** Everything that gc must know, wholly: a page not read would be a deletion too many. */
import { isDigest } from '../../artifact/digest.ts';
import type { Inventory } from '../aws/inventory.ts';
import { allPages, openInventory } from '../aws/inventory.ts';
import type { Region } from '../aws/regions.ts';
import { fail } from '../errors.ts';
import type { GcChannel, GcCode, GcLayer, GcObject, GcRelease, GcUser, GcWorld } from '../plan/gc.ts';
import { previousRelease } from '../plan/rollback.ts';
import { regionsPerBucket } from '../publish/buckets.ts';
import { entryOf, readChannel } from '../publish/channel.ts';
import type { Release } from '../publish/release.ts';
import { regionsOf, releaseKey } from '../publish/release.ts';
import { isRecord, readRecords } from './bucket.ts';
import { codeLockReader } from './code-lock.ts';
import { digestIn, layerNamesOf } from './layers.ts';

export interface GcScope {
  readonly regions: readonly Region[];
  readonly prefix: string;
  /** Layers of the project itself, beside those that the releases name. */
  readonly layerNames: readonly string[];
  readonly now: number;
}

/**
 * Reads buckets and regions completely. What cannot be read stops everything: nothing is deleted on a guess.
 * Throws `RELEASE_INVALID` for a damaged record, `REGION_REQUIRED` when a release names a region that is not looked at.
 */
export async function readGcWorld({ regions, prefix, layerNames, now }: GcScope): Promise<GcWorld> {
  const inventories = new Map(
    await Promise.all(
      regions.map(async region => [region.region, await openInventory(region.clients, region.call)] as const),
    ),
  );
  const inventoryOf = ({ region }: Region): Inventory =>
    inventories.get(region) ?? fail('INTERNAL', `no inventory of ${region}`);
  const stores = regionsPerBucket(regions).flatMap(([first]) => first ?? []);
  const buckets = await Promise.all(stores.map(store => readGcBucket(store, inventoryOf(store), prefix)));
  const records = buckets.flatMap(bucket => bucket.records);
  requireRegions(records, regions);
  const perRegion = await Promise.all(
    regions.map(async region => {
      const inventory = inventoryOf(region);
      const names = new Set([
        ...layerNames,
        ...records.flatMap(record => layerNamesOf(record, region.region)),
      ]);
      return {
        layers: await readGcLayers(region, inventory, names),
        users: await readUsers(region, inventory),
      };
    }),
  );
  return {
    now,
    objects: buckets.flatMap(({ objects }) => objects),
    codes: buckets.flatMap(({ codes }) => codes),
    releases: buckets.flatMap(({ releases }) => releases),
    channels: buckets.flatMap(({ channels }) => channels),
    layers: perRegion.flatMap(({ layers }) => layers),
    users: perRegion.flatMap(({ users }) => users),
  };
}

/** Marks the layers that are shared. Asked only of those that would be deleted: it takes a call for each. */
export async function readShared(
  regions: readonly Region[],
  world: GcWorld,
  candidates: ReadonlySet<string>,
): Promise<GcWorld> {
  const layers = await Promise.all(
    world.layers.map(async (layer): Promise<GcLayer> => {
      const region = regions.find(({ region }) => region === layer.region);
      if (region === undefined || !candidates.has(layer.arn)) return layer;
      return { ...layer, shared: await region.sharing.isShared(layer.arn) };
    }),
  );
  return { ...world, layers };
}

async function readGcBucket({ bucket, objects: store }: Region, inventory: Inventory, prefix: string) {
  const list = (folder: string) => allPages(from => inventory.objects(bucket, `${prefix}${folder}/`, from));
  const [objects, listed, named] = await Promise.all([list('sha256'), list('releases'), list('channels')]);
  const { releases: records, damaged } = await readRecords(
    store,
    bucket,
    listed.filter(isRecord).map(({ key }) => key),
  );
  const [bad] = damaged;
  if (bad !== undefined) {
    fail('RELEASE_INVALID', `${bad.message}; what it needs is not known, so nothing is deleted`, {
      hint: `mend or delete s3://${bucket}/${bad.key} first`,
    });
  }
  const channels = await Promise.all(
    named.map(async ({ key }): Promise<GcChannel[]> => {
      const name = key.slice(`${prefix}channels/`.length, -'.json'.length);
      const { channel } = await readChannel(store, prefix, name);
      return Object.entries(channel.entries).map(([entry, moves]) => ({
        bucket,
        name,
        entry,
        releases: [moves[0]?.release, previousRelease(moves)].filter(release => release !== undefined),
      }));
    }),
  );
  return {
    records,
    channels: channels.flat(),
    objects: objects.flatMap(({ key, size, modifiedAt }): GcObject[] => {
      const digest = `sha256:${key.slice(`${prefix}sha256/`.length, -'.zip'.length)}`;
      return isDigest(digest) && key.endsWith('.zip') ? [{ bucket, key, digest, size, modifiedAt }] : [];
    }),
    codes: listed.flatMap(({ key, size, modifiedAt }): GcCode[] =>
      key.endsWith('.zip') ? [{ bucket, key, size, modifiedAt }] : [],
    ),
    releases: records.map((record): GcRelease => gcRelease(record, bucket, releaseKey(prefix, record.id))),
  };
}

function gcRelease({ id, lock, origin }: Release, bucket: string, key: string): GcRelease {
  return {
    ...{ bucket, key, id, entry: entryOf(lock), createdAt: Date.parse(origin.createdAt) },
    digests: lock.artifacts.map(({ digest }) => digest),
    layerArns: lock.artifacts.flatMap(({ published }) =>
      Object.values(published).flatMap(({ layerVersionArn }) => layerVersionArn ?? []),
    ),
  };
}

/** Only versions that a publish of ours made: others are none of our business. */
async function readGcLayers(
  { region }: Region,
  inventory: Inventory,
  names: ReadonlySet<string>,
): Promise<GcLayer[]> {
  const lists = await Promise.all(
    [...names].map(name => allPages(from => inventory.layerVersions(name, from))),
  );
  return lists.flat().flatMap(({ arn, description, createdAt }): GcLayer[] => {
    const digest = digestIn(description);
    return digest === undefined ? [] : [{ region, arn, digest, createdAt }];
  });
}

async function readUsers(region: Region, inventory: Inventory): Promise<GcUser[]> {
  const versions = await allPages(from => inventory.functions('all', from));
  const readCodeLock = codeLockReader(region, inventory);
  return await Promise.all(
    versions.map(async (version): Promise<GcUser> => {
      const lock = await readCodeLock(version);
      return {
        name: `${version.name}:${version.version} in ${region.region}`,
        layerArns: version.layers,
        digests:
          lock === 'unknown' ? undefined : lock === 'none' ? [] : lock.artifacts.map(({ digest }) => digest),
      };
    }),
  );
}

function requireRegions(records: readonly Release[], regions: readonly Region[]) {
  const looked = new Set(regions.map(({ region }) => region));
  const missing = new Set(
    records.flatMap(({ lock }) => regionsOf(lock)).filter(region => !looked.has(region)),
  );
  if (missing.size === 0) return;
  const names = [...missing].join(', ');
  fail(
    'REGION_REQUIRED',
    `releases in the bucket name other regions (expected --regions with ${names}, found ${[...looked].join(', ')})`,
    {
      hint: `functions there may use the objects: add --regions ${[...looked, ...missing].join(',')}`,
    },
  );
}
