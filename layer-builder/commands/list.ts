/** `layer-builder list`: releases and channels of a bucket. */
import { openInventory } from '../aws/inventory.ts';
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { layerName } from '../publish/names.ts';
import { readBucket } from '../read/bucket.ts';
import { layerNamesOf, readLayers } from '../read/layers.ts';
import { withBucket } from '../read/releases.ts';
import type { Listing } from '../report/list.ts';
import { formatList, listData } from '../report/list.ts';
import { bucketOptions, bucketValues, textOf } from './values.ts';

export const command: Command = {
  name: 'list',
  summary: 'releases, channels, objects and layer versions of a bucket',
  usage: 'layer-builder list [--limit N]',
  example: 'layer-builder list --bucket my-artifacts --limit 5',
  options: {
    limit: { type: 'string', default: '20', help: 'newest releases to show' },
    ...bucketOptions,
  },
  async run({ project, env, signal }, { values }) {
    const limit = Number(textOf(values, 'limit'));
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
      fail(
        'USAGE',
        `no number of releases (expected --limit 1 to 1000, found ${JSON.stringify(values['limit'])})`,
      );
    }
    const [bucket, contents] = await withBucket(
      project,
      bucketValues(values),
      env,
      signal,
      async ({ config, bucket, objects, region, prefix }): Promise<[string, Listing]> => {
        const inventory = await openInventory(region.clients, region.call);
        const contents = await readBucket(objects, inventory, bucket, prefix, limit);
        const names = new Set([
          ...config.artifacts.map(({ name }) => layerName(config.layerName, { ...config, artifact: name })),
          ...contents.releases.flatMap(release => layerNamesOf(release, region.region)),
        ]);
        return [bucket, { ...contents, layers: await readLayers(inventory, names) }];
      },
    );
    return { data: listData(bucket, contents), text: formatList(bucket, contents) };
  },
};
