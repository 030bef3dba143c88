/** Releases and channels as a table and as data. Pure. */
import { hexOf } from '../../artifact/digest.ts';
import { entryOf } from '../publish/channel.ts';
import type { Release } from '../publish/release.ts';
import { regionsOf } from '../publish/release.ts';
import type { BucketContents } from '../read/bucket.ts';
import type { ListedLayer } from '../read/layers.ts';
import { bytes, count, table } from './table.ts';

/** A bucket with the layers that were made from it. */
export type Listing = BucketContents & { readonly layers: readonly ListedLayer[] };

export function listData(bucket: string, contents: Listing) {
  return {
    bucket,
    whole: contents.whole,
    releases: contents.releases.map(release => ({
      id: release.id,
      service: release.lock.service,
      runtime: release.lock.runtime,
      architecture: release.lock.architecture,
      regions: regionsOf(release.lock),
      artifacts: release.lock.artifacts.map(({ name, digest, size, published }) => ({
        name,
        digest,
        size,
        published,
      })),
      code: release.code ?? null,
      channels: channelsOf(release, contents),
      ...release.origin,
    })),
    channels: contents.channels.map(({ channel, entries }) => ({
      channel,
      entries: Object.entries(entries).map(([entry, moves]) => ({ entry, ...moves[0], moves: moves.length })),
    })),
    objects: contents.objects.map(({ key, size, modifiedAt }) => ({
      key,
      size,
      modifiedAt: new Date(modifiedAt).toISOString(),
    })),
    layers: contents.layers,
    damaged: contents.damaged,
  };
}

export function formatList(bucket: string, contents: Listing): string {
  const { releases, channels, objects, layers, damaged, whole } = contents;
  const rows = releases.map(release => [
    release.id,
    release.origin.createdAt.slice(0, 16).replace('T', ' '),
    release.origin.createdBy,
    release.origin.commit?.slice(0, 8) ?? '-',
    release.lock.artifacts.map(({ name, digest }) => `${name} ${hexOf(digest).slice(0, 8)}`).join(' '),
    release.code ? hexOf(release.code.digest).slice(0, 8) : '-',
    regionsOf(release.lock).join(','),
    channelsOf(release, contents).join(','),
  ]);
  const total = objects.reduce((sum, object) => sum + object.size, 0);
  return [
    `s3://${bucket}: ${count(releases.length, 'release')} shown, ${count(objects.length, 'object')}, ${bytes(total)}`,
    ...(rows.length > 0
      ? table([
          ['release', 'created (UTC)', 'by', 'commit', 'artifacts', 'code', 'regions', 'channels'],
          ...rows,
        ])
      : []),
    ...channels.flatMap(({ channel, entries }) =>
      Object.entries(entries).map(
        ([entry, [move]]) => `channel ${channel}: ${entry} at ${move?.release ?? 'nothing'}`,
      ),
    ),
    ...layers.map(({ name, versions, whole }) => {
      const newest = versions
        .slice(0, 3)
        .map(({ version, digest }) => `${version} ${hexOf(digest).slice(0, 8)}`);
      const rest = versions.length > 3 || !whole ? ', …' : '';
      return `layer ${name}: ${newest.join(', ')}${rest}`;
    }),
    ...damaged.map(({ message }) => `warning: ${message}`),
    ...(whole ? [] : ['there is more than one page of them: a "prefix" for each service keeps them apart']),
  ].join('\n');
}

function channelsOf(release: Release, { channels }: BucketContents): string[] {
  const entry = entryOf(release.lock);
  return channels.flatMap(({ channel, entries }) =>
    entries[entry]?.[0]?.release === release.id ? [channel] : [],
  );
}
