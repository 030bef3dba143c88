/** Option values as commands want them. */
import type { CommandArguments, CommandOption } from '../command.ts';

type Values = CommandArguments['values'];

export function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** `a,b` → ['a', 'b']; empty parts are dropped, undefined when the option was not given. */
export function listOf(values: Values, name: string): string[] | undefined {
  return textOf(values, name)
    ?.split(',')
    .map(part => part.trim())
    .filter(part => part !== '');
}

export function flagOf(values: Values, name: string): boolean {
  return values[name] === true;
}

/** Where a command that starts from a bucket looks. */
export const bucketOptions = {
  bucket: { type: 'string', help: 'bucket; {region} in it stands for each region (default: configuration)' },
  regions: {
    type: 'string',
    multiple: true,
    help: 'regions, with commas (default: configuration, AWS_REGION)',
  },
} as const satisfies Record<string, CommandOption>;

export function bucketValues(values: Values) {
  return { bucket: textOf(values, 'bucket'), regions: listOf(values, 'regions') };
}

/** What was published, for the tool that takes it from here. */
export const formatOption = {
  type: 'string',
  help: 'print for another tool: json, env, cdk, sam, serverless, terraform, ssm (parameters are written)',
} as const satisfies CommandOption;
