/** What is published of the present build, where the channels point, which functions use what. */

import type { CodedError } from '../../artifact/error.ts';
import { isCodedError } from '../../artifact/error.ts';
import type { Inventory, ListedAlias, ListedFunction, Page } from '../aws/inventory.ts';
import { openInventory } from '../aws/inventory.ts';
import type { Region } from '../aws/regions.ts';
import { entryOf, readChannel, releaseOf } from '../publish/channel.ts';
import { prefixOf } from '../publish/release.ts';
import type { PublishGoal, RegionFacts, Target } from '../publish/types.ts';
import { readRegion } from './published.ts';

export interface FunctionUse {
  readonly name: string;
  /** Layer versions of this project that `$LATEST` has, or none: it downloads from S3. */
  readonly layers: readonly string[];
  /** `DEPS_SOURCE` of its environment. */
  readonly source: string | null;
  readonly aliases: readonly ListedAlias[];
}

export type RegionStatus = Target &
  (
    | {
        readonly readable: true;
        readonly facts: RegionFacts & { readable: true };
        readonly channels: readonly { readonly channel: string; readonly release: string }[];
        readonly functions: readonly FunctionUse[];
        /** False: more functions than were looked at. */
        readonly whole: boolean;
      }
    | { readonly readable: false; readonly error: CodedError }
  );

/** 50 functions a page; the rest of a larger account is left out, and the report says so. */
const mostPages = 20;

export async function readStatus(region: Region, goal: PublishGoal): Promise<RegionStatus> {
  const target = { region: region.region, bucket: region.bucket };
  try {
    const inventory = await openInventory(region.clients, region.call);
    const [facts, channels, users] = await Promise.all([
      readRegion(region, goal),
      readChannels(region, inventory, goal),
      readUsers(inventory, goal),
    ]);
    if (!facts.readable) return { ...target, readable: false, error: facts.error };
    return { ...target, readable: true, facts, channels, ...users };
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { ...target, readable: false, error };
  }
}

async function readChannels({ bucket, objects }: Region, inventory: Inventory, { lock }: PublishGoal) {
  const prefix = prefixOf(lock);
  const { items } = await inventory.objects(bucket, `${prefix}channels/`);
  const found = await Promise.all(
    items.map(async ({ key }) => {
      const name = key.slice(`${prefix}channels/`.length, -'.json'.length);
      const release = releaseOf((await readChannel(objects, prefix, name)).channel, entryOf(lock));
      return release === undefined ? [] : [{ channel: name, release }];
    }),
  );
  return found.flat();
}

async function readUsers(inventory: Inventory, { lock, layerNames }: PublishGoal) {
  const names = new Set(Object.values(layerNames));
  const functions: ListedFunction[] = [];
  let page: Page<ListedFunction> = { items: [], next: undefined };
  for (let pages = 0; pages === 0 || (page.next !== undefined && pages < mostPages); pages++) {
    page = await inventory.functions('latest', page.next);
    functions.push(...page.items);
  }
  const ours = functions.flatMap(found => {
    const layers = found.layers.filter(arn => names.has(arn.split(':').at(-2) ?? ''));
    const isOurs = layers.length > 0 || found.name.startsWith(`${lock.service}__`);
    return isOurs ? [{ found, layers }] : [];
  });
  const uses = await Promise.all(
    ours.map(async ({ found, layers }): Promise<FunctionUse> => {
      const { items: aliases } = await inventory.aliases(found.name);
      return { name: found.name, layers, source: found.environment['DEPS_SOURCE'] ?? null, aliases };
    }),
  );
  return { functions: uses, whole: page.next === undefined };
}
