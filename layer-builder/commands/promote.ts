/** `layer-builder promote`: move a channel to a release. */
import type { Command } from '../command.ts';
import { fail } from '../errors.ts';
import { checkChannelName, entryOf, readChannel, releaseOf } from '../publish/channel.ts';
import { checkFormat, outputRelease } from '../publish/output.ts';
import { pointChannel } from '../publish/point.ts';
import { readRelease } from '../publish/record.ts';
import { isReleaseId } from '../publish/release.ts';
import { checkReleaseId, withBucket } from '../read/releases.ts';
import { formatPoint, pointData } from '../report/point.ts';
import { bucketOptions, bucketValues, formatOption, textOf } from './values.ts';

export const command: Command = {
  name: 'promote',
  summary: 'move a channel to a release',
  usage: 'layer-builder promote RELEASE|CHANNEL --to CHANNEL',
  example: 'layer-builder promote qa --to prod',
  options: {
    to: { type: 'string', help: 'channel to move' },
    format: formatOption,
    ...bucketOptions,
  },
  positionals: { min: 1, max: 1, names: ['RELEASE|CHANNEL'] },
  async run({ project, env, signal, progress, warn }, { values, positionals: [word = ''] }) {
    const format = checkFormat(textOf(values, 'format'));
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
    const report = await pointChannel(project, release, channel, { progress, signal, rollback: false }, env);
    const data = pointData(report);
    const exitStatus = report.complete ? 0 : 1;
    if (format === undefined || report.release === undefined)
      return { data, text: formatPoint(report), exitStatus };
    for (const line of formatPoint(report).split('\n')) warn(line);
    const text = await outputRelease(format, report.lock, report.release, env, signal);
    return { data: format === 'json' ? JSON.parse(text) : data, text, exitStatus };
  },
};
