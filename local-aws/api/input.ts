/** Fields of a request, whichever protocol it came in: Query sends every value as text. */
import { ApiError } from './error.ts';
import type { Input } from './protocols.ts';

export function textOf(input: Input, name: string): string | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(name, 'a text');
}

/** Throws when the field is missing or empty. */
export function needText(input: Input, name: string): string {
  return textOf(input, name) || missing(name);
}

/** A number, or a timestamp in any of its forms as the number that it holds. */
export function numberOf(input: Input, name: string): number | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined) return undefined;
  const number = value === '' ? Number.NaN : Number(value);
  if (Number.isFinite(number)) return number;
  throw wrong(name, 'a number');
}

export function needNumber(input: Input, name: string): number {
  return numberOf(input, name) ?? missing(name);
}

export function flagOf(input: Input, name: string): boolean | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw wrong(name, 'true or false');
}

export function listOf(input: Input, name: string): readonly unknown[] | undefined {
  const value = input[name] ?? undefined;
  if (value === undefined || value === '') return undefined;
  if (Array.isArray(value)) return value;
  throw wrong(name, 'a list');
}

export function textsOf(input: Input, name: string): readonly string[] | undefined {
  return listOf(input, name)?.map(item => {
    if (typeof item !== 'string') throw wrong(name, 'a list of texts');
    return item;
  });
}

/** A page of `items`; the token is the place of the next one. */
export function pageOf<T>(
  items: readonly T[],
  input: Input,
  names: { readonly token: string; readonly limit: string },
  most: number,
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const from = Number(textOf(input, names.token) ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) throw invalid('The specified nextToken is invalid.');
  const to = from + Math.min(Math.max(1, numberOf(input, names.limit) ?? most), most);
  return { items: items.slice(from, to), next: to < items.length ? String(to) : undefined };
}

export function invalid(message: string): ApiError {
  return new ApiError('InvalidParameterException', message);
}

function missing(name: string): never {
  throw new ApiError(
    'ValidationError',
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must not be null`,
  );
}

function wrong(name: string, expected: string): ApiError {
  return new ApiError('SerializationException', `${name} must be ${expected}`);
}
