/** `layer-builder promote`: move a channel to a release. */
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { checkChannelName, entryOf, readChannel, releaseOf } from '../publish/channel.ts';
import { checkFormat } from '../publish/output.ts';
import { readRelease } from '../publish/record.ts';
import { isReleaseId } from '../publish/release.ts';
import { checkReleaseId, withBucket } from '../read/releases.ts';
import { pointOptions, runPoint } from './point.ts';
import { bucketOptions, bucketValues, textOf } from './values.ts';

export const command: Command = {
  name: 'promote',
  summary: 'move a channel to a release, and the function of its stage with it',
  usage: 'layer-builder promote RELEASE|CHANNEL --to CHANNEL',
  example: 'layer-builder promote qa --to prod',
  options: {
    to: { type: 'string', help: 'channel to move' },
    'no-alarms': { type: 'boolean', help: 'do not look at the CloudWatch alarms of the stage' },
    ...pointOptions,
    ...bucketOptions,
  },
  positionals: { min: 1, max: 1, names: ['RELEASE|CHANNEL'] },
  async run(context, { values, positionals: [word = ''] }) {
    const { project, env, signal } = context;
    checkFormat(textOf(values, 'format'));
    const to = textOf(values, 'to');
    if (to === undefined)
      fail('USAGE', 'no channel (expected --to CHANNEL, found none)', { hint: 'for example: --to prod' });
    const channel = checkChannelName(to);
    const release = await withBucket(
      project,
      bucketValues(values),
      env,
      signal,
      async ({ config, bucket, objects, prefix }) => {
        if (isReleaseId(word)) return await readRelease(objects, prefix, checkReleaseId(word), bucket);
        const from = await readChannel(objects, prefix, checkChannelName(word));
        const entry = entryOf(config);
        const id = releaseOf(from.channel, entry);
        if (id !== undefined) return await readRelease(objects, prefix, id, bucket);
        return fail(
          'CHANNEL_EMPTY',
          `channel ${word} points nowhere (expected a release for ${entry}, found none)`,
          {
            hint: `publish with --channel ${word}, or name a release`,
          },
        );
      },
    );
    return await runPoint(context, values, { release, channel, rollback: false });
  },
};
