/** Pure: what the options of `deploy` mean, and which of its actions takes which. */
import type { CommandArguments } from '../command.ts';
import { regionPattern } from '../config/rules.ts';
import { fail } from '../errors.ts';
import type { DeployMode, FunctionConfig } from '../types.ts';
import { deployModes } from '../types.ts';
import { flagOf, listOf, textOf } from './values.ts';

type Values = CommandArguments['values'];

/** Options that mean something to one action only; `--stage` and `--region` are everybody's. */
const optionsOf = {
  deploy: ['mode', 'dry-run', 'create-role', 'shift', 'bake', 'no-alarms', 'no-smoke-test'],
  status: [],
  logs: ['since', 'filter', 'follow'],
  rollback: ['to', 'dry-run', 'no-smoke-test'],
  destroy: ['yes', 'dry-run'],
} as const satisfies Record<string, readonly string[]>;

export type Action = keyof typeof optionsOf;

/**
 * The action that was asked for. Throws `USAGE` for an unknown one, and for an option that it would not heed:
 * whoever writes `status --dry-run` means something else.
 */
export function actionOf(word: string, values: Values): Action {
  const names = Object.keys(optionsOf) as Action[];
  const action = names.find(name => name === word);
  if (action === undefined) {
    return fail('USAGE', `unknown action (expected ${names.join(', ')}, found "${word}")`, {
      hint: 'add --help to see what each does',
    });
  }
  const own: readonly string[] = [...optionsOf[action], 'stage', 'region'];
  const others = Object.keys(values).filter(name => values[name] !== undefined && !own.includes(name));
  if (others.length > 0) {
    const list = (options: readonly string[]) => options.map(name => `--${name}`).join(', ');
    fail('USAGE', `an option of another action (expected of ${action} ${list(own)}, found ${list(others)})`, {
      hint: 'add --help to see the options',
      details: { action, options: others },
    });
  }
  return action;
}

/** Throws `USAGE` for what is no region: it would become part of a host's name. */
export function checkRegion(region: string): string {
  if (regionPattern.test(region)) return region;
  return fail('USAGE', `no region (expected one such as eu-west-1, found "${region}")`, {
    hint: 'name a region of AWS with --region',
  });
}

/** Undefined: as the configuration says. Throws `USAGE`. */
export function modeOf(values: Values): DeployMode | undefined {
  const word = textOf(values, 'mode');
  if (word === undefined) return undefined;
  const mode = deployModes.find(known => known === word);
  const message = `unknown mode (expected ${deployModes.join(', ')}, found "${word}")`;
  return (
    mode ?? fail('USAGE', message, { hint: 'without --mode the configuration decides, and else it is auto' })
  );
}

/** What options say goes before the configuration. Throws `USAGE`. */
export function overrideOf(
  values: Values,
): Partial<Pick<FunctionConfig, 'createRole' | 'shift' | 'bake' | 'alarms'>> {
  const shift = listOf(values, 'shift')?.map(item => (/^[1-9]\d?$/.test(item) ? Number(item) : Number.NaN));
  const isShift = shift?.every((item, index) => item > (shift[index - 1] ?? 0)) ?? true;
  if (!isShift) {
    fail(
      'USAGE',
      `no shift (expected ascending whole numbers from 1 to 99 percent, found "${textOf(values, 'shift')}")`,
      { hint: 'for example: --shift 10,50' },
    );
  }
  const bake = textOf(values, 'bake');
  if (bake !== undefined && !(/^[1-9]\d{0,4}$/.test(bake) && Number(bake) <= 86_400)) {
    fail('USAGE', `no time to bake (expected seconds from 1 to 86400, found "${bake}")`, {
      hint: 'for example: --bake 300',
    });
  }
  return {
    ...(flagOf(values, 'create-role') && { createRole: true }),
    ...(shift && { shift }),
    ...(bake !== undefined && { bake: Number(bake) }),
    ...(flagOf(values, 'no-alarms') && { alarms: [] }),
  };
}
