/** Option values as commands want them. */
import type { CommandArguments } from '../command.ts';

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
