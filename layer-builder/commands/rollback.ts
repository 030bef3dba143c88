/** `layer-builder rollback`: move a channel back. */
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { previousRelease } from '../plan/rollback.ts';
import { checkChannelName, entryOf, readChannel } from '../publish/channel.ts';
import { checkFormat } from '../publish/output.ts';
import { readRelease } from '../publish/record.ts';
import { checkReleaseId, withBucket } from '../read/releases.ts';
import { pointOptions, runPoint } from './point.ts';
import { bucketOptions, bucketValues, textOf } from './values.ts';

export const command: Command = {
  name: 'rollback',
  summary: 'move a channel back, and the function of its stage with it',
  usage: 'layer-builder rollback --channel CHANNEL [--to RELEASE]',
  example: 'layer-builder rollback --channel prod',
  options: {
    channel: { type: 'string', help: 'channel to move' },
    to: { type: 'string', help: 'release to go back to (default the one before)' },
    ...pointOptions,
    ...bucketOptions,
  },
  async run(context, { values }) {
    const { project, env, signal } = context;
    checkFormat(textOf(values, 'format'));
    const name = textOf(values, 'channel');
    if (name === undefined) {
      fail('USAGE', 'no channel (expected --channel CHANNEL, found none)', {
        hint: 'for example: --channel prod',
      });
    }
    const channel = checkChannelName(name);
    const to = textOf(values, 'to');
    const release = await withBucket(
      project,
      bucketValues(values),
      env,
      signal,
      async ({ config, bucket, objects, prefix }) => {
        const entry = entryOf(config);
        const { channel: state } = await readChannel(objects, prefix, channel);
        const id = to === undefined ? previousRelease(state.entries[entry] ?? []) : checkReleaseId(to);
        if (id !== undefined) return await readRelease(objects, prefix, id, bucket);
        return fail(
          'CHANNEL_EMPTY',
          `channel ${channel} has nothing to go back to (expected an earlier release of ${entry}, found none)`,
          {
            hint: '"layer-builder list" shows the releases; name one with --to',
          },
        );
      },
    );
    return await runPoint(context, values, { release, channel, rollback: true });
  },
};
