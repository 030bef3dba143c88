/** What promote and rollback have in common: a channel, and the function that follows it, go to a release. */
import type { CommandArguments, CommandContext, CommandOption, Outcome } from '../command.ts';
import { readConfig } from '../config.ts';
import { settingsOfStage } from '../deploy/desired.ts';
import { checkFormat, outputRelease } from '../publish/output.ts';
import { pointChannel } from '../publish/point.ts';
import type { Release } from '../publish/release.ts';
import { formatPoint, pointData } from '../report/point.ts';
import { flagOf, formatOption, textOf } from './values.ts';

export const pointOptions = {
  'channel-only': {
    type: 'boolean',
    help: 'leave the function {service}__{channel} as it is; without it its alias "live" moves too',
  },
  'no-smoke-test': { type: 'boolean', help: 'make the version of the function live untested' },
  format: formatOption,
} as const satisfies Record<string, CommandOption>;

export async function runPoint(
  { project, env, signal, progress, warn }: CommandContext,
  values: CommandArguments['values'],
  { release, channel, rollback }: { release: Release; channel: string; rollback: boolean },
): Promise<Outcome> {
  const format = checkFormat(textOf(values, 'format'));
  const { smoke, shift, bake, alarms } = settingsOfStage(await readConfig(project), channel);
  const options = {
    ...{ progress, signal, rollback },
    channelOnly: flagOf(values, 'channel-only'),
    smokePaths: flagOf(values, 'no-smoke-test') ? [] : smoke,
    takeover: {
      // Who goes back is in a hurry: at once, whatever the alarms say of the present version.
      shift: rollback ? [] : shift,
      alarms: rollback || flagOf(values, 'no-alarms') ? [] : alarms,
      bake,
    },
  };
  const report = await pointChannel(project, release, channel, options, env);
  const data = pointData(report);
  const exitStatus = report.complete ? 0 : 1;
  if (format === undefined || report.release === undefined)
    return { data, text: formatPoint(report), exitStatus };
  for (const line of formatPoint(report).split('\n')) warn(line);
  const text = await outputRelease(format, report.lock, report.release, env, signal);
  return { data: format === 'json' ? JSON.parse(text) : data, text, exitStatus };
}
