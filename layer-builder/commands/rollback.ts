/** `layer-builder rollback`: move a channel back. */
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { previousRelease } from '../plan/rollback.ts';
import { checkChannelName, entryOf, readChannel } from '../publish/channel.ts';
import { checkFormat, outputRelease } from '../publish/output.ts';
import { pointChannel } from '../publish/point.ts';
import { readRelease } from '../publish/record.ts';
import { checkReleaseId, withBucket } from '../read/releases.ts';
import { formatPoint, pointData } from '../report/point.ts';
import { bucketOptions, bucketValues, formatOption, textOf } from './values.ts';

export const command: Command = {
  name: 'rollback',
  summary: 'move a channel back',
  usage: 'layer-builder rollback --channel CHANNEL [--to RELEASE]',
  example: 'layer-builder rollback --channel prod',
  options: {
    channel: { type: 'string', help: 'channel to move' },
    to: { type: 'string', help: 'release to go back to (default the one before)' },
    format: formatOption,
    ...bucketOptions,
  },
  async run({ project, env, signal, progress, warn }, { values }) {
    const format = checkFormat(textOf(values, 'format'));
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
    const report = await pointChannel(project, release, channel, { progress, signal, rollback: true }, env);
    const data = pointData(report);
    const exitStatus = report.complete ? 0 : 1;
    if (format === undefined || report.release === undefined)
      return { data, text: formatPoint(report), exitStatus };
    for (const line of formatPoint(report).split('\n')) warn(line);
    const text = await outputRelease(format, report.lock, report.release, env, signal);
    return { data: format === 'json' ? JSON.parse(text) : data, text, exitStatus };
  },
};
