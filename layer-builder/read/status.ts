/** What is published of the present build, where the channels point, which functions use what. */
import type { Digest } from '../../artifact/digest.ts';
import type { CodedError } from '../../artifact/error.ts';
import { isCodedError } from '../../artifact/error.ts';
import type { Inventory, ListedAlias, ListedFunction, Page } from '../aws/inventory.ts';
import { openInventory } from '../aws/inventory.ts';
import type { Region } from '../aws/regions.ts';
import { entryOf, readChannel, releaseOf } from '../publish/channel.ts';
import { prefixOf } from '../publish/release.ts';
import type { PublishGoal, RegionFacts, Target } from '../publish/types.ts';
import { codeLockReader } from './code-lock.ts';
import { readRegion } from './published.ts';

export interface FunctionUse {
  readonly name: string;
  /** Layer versions of this project that `$LATEST` has, or none: it downloads from S3. */
  readonly layers: readonly string[];
  /** `DEPS_SOURCE` of its environment. */
  readonly source: string | null;
  /** Of the service's own functions only; null: not asked. */
  readonly aliases: readonly ListedAlias[] | null;
  /** Digests of the lock inside its code; null: not asked, or no lock. */
  readonly digests: readonly Digest[] | null;
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
/** Aliases and code take two calls a function, of ten a second: asked of so many of the service's own. */
const mostAsked = 20;

export async function readStatus(region: Region, goal: PublishGoal): Promise<RegionStatus> {
  const target = { region: region.region, bucket: region.bucket };
  try {
    const inventory = await openInventory(region.clients, region.call);
    const [facts, channels, users] = await Promise.all([
      readRegion(region, goal),
      readChannels(region, inventory, goal),
      readUsers(region, inventory, goal),
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

async function readUsers(region: Region, inventory: Inventory, { lock, layerNames }: PublishGoal) {
  const names = new Set(Object.values(layerNames));
  const functions: ListedFunction[] = [];
  let page: Page<ListedFunction> = { items: [], next: undefined };
  for (let pages = 0; pages === 0 || (page.next !== undefined && pages < mostPages); pages++) {
    page = await inventory.functions('latest', page.next);
    functions.push(...page.items);
  }
  const isOwn = ({ name }: ListedFunction) => name.startsWith(`${lock.service}__`);
  const asked = new Set(functions.filter(isOwn).slice(0, mostAsked));
  const readCodeLock = codeLockReader(region, inventory);
  const uses = await Promise.all(
    functions.map(async (found): Promise<FunctionUse[]> => {
      const layers = found.layers.filter(arn => names.has(arn.split(':').at(-2) ?? ''));
      if (layers.length === 0 && !isOwn(found)) return [];
      const use = { name: found.name, layers, source: found.environment['DEPS_SOURCE'] ?? null };
      if (!asked.has(found)) return [{ ...use, aliases: null, digests: null }];
      const [aliases, code] = await Promise.all([inventory.aliases(found.name), readCodeLock(found)]);
      const digests = typeof code === 'string' ? null : code.artifacts.map(({ digest }) => digest);
      return [{ ...use, aliases: aliases.items, digests }];
    }),
  );
  return { functions: uses.flat(), whole: page.next === undefined };
}
