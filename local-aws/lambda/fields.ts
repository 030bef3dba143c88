/** Reads fields of a JSON body: absent is undefined, a wrong type is AWS's SerializationException. */
import { LambdaError } from './errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The body of a request as fields; an empty body has none. Throws `SerializationException`. */
export function parseFields(body: Buffer): Fields {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw wrong('Could not parse request body into json');
  }
  return asRecord(value) ?? {};
}

export function text(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(`${name} must be a string`);
}

export function integer(fields: Fields, name: string): number | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined;
  throw wrong(`${name} must be an integer`);
}

export function flag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw wrong(`${name} must be a boolean`);
}

export function texts(fields: Fields, name: string): readonly string[] | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value;
  throw wrong(`${name} must be a list of strings`);
}

export function record(fields: Fields, name: string): Fields | undefined {
  return asRecord(fields[name] ?? undefined, name);
}

/** An object whose values are all strings, e.g. environment variables and tags. */
export function textRecord(fields: Fields, name: string): Readonly<Record<string, string>> | undefined {
  const value = record(fields, name);
  if (value === undefined) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') throw wrong(`${name}.${key} must be a string`);
  }
  return value as Readonly<Record<string, string>>;
}

/** Bytes sent as base64. */
export function blob(fields: Fields, name: string): Buffer | undefined {
  const value = text(fields, name);
  return value === undefined ? undefined : Buffer.from(value, 'base64');
}

function asRecord(value: unknown, name = 'The request body'): Fields | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw wrong(`${name} must be an object`);
}

function wrong(message: string): LambdaError {
  return new LambdaError(400, 'SerializationException', message);
}
