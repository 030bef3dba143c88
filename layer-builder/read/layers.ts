/** Layer versions that a publish of ours made, the newest page of each layer. */
import type { Digest } from '../../artifact/digest.ts';
import { isDigest } from '../../artifact/digest.ts';
import type { Inventory } from '../aws/inventory.ts';
import type { Release } from '../publish/release.ts';

export interface ListedLayer {
  readonly name: string;
  /** Newest first. */
  readonly versions: readonly { readonly version: number; readonly arn: string; readonly digest: Digest }[];
  /** False: there are more than the newest 50 versions. */
  readonly whole: boolean;
}

/** The digest in a layer version's description, when a publish of ours wrote it. */
export function digestIn(description: string): Digest | undefined {
  const [mark, digest] = description.split(' ');
  return mark === 'lb1' && isDigest(digest) ? digest : undefined;
}

/** Names of the layers of a release in one region. */
export function layerNamesOf({ lock }: Release, region: string): string[] {
  return lock.artifacts.flatMap(
    ({ published }) => published[region]?.layerVersionArn?.split(':').at(-2) ?? [],
  );
}

export async function readLayers(inventory: Inventory, names: ReadonlySet<string>): Promise<ListedLayer[]> {
  const layers = await Promise.all(
    [...names].map(async (name): Promise<ListedLayer> => {
      const page = await inventory.layerVersions(name);
      const versions = page.items.flatMap(({ version, arn, description }) => {
        const digest = digestIn(description);
        return digest === undefined ? [] : [{ version, arn, digest }];
      });
      return { name, versions, whole: page.next === undefined };
    }),
  );
  return layers.filter(({ versions }) => versions.length > 0);
}
