/** `layer-builder list`: releases and channels of a bucket. */
import { openInventory } from '../aws/inventory.ts';
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import type { BucketContents } from '../read/bucket.ts';
import { readBucket } from '../read/bucket.ts';
import { withBucket } from '../read/releases.ts';
import { formatList, listData } from '../report/list.ts';
import { bucketOptions, bucketValues, textOf } from './values.ts';

export const command: Command = {
  name: 'list',
  summary: 'releases and channels of a bucket',
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
      async ({ bucket, objects, region, prefix }): Promise<[string, BucketContents]> => {
        const inventory = await openInventory(region.clients, region.call);
        return [bucket, await readBucket(objects, inventory, bucket, prefix, limit)];
      },
    );
    return { data: listData(bucket, contents), text: formatList(bucket, contents) };
  },
};
