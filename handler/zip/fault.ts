/** How a refusal of an archive is said: one code, what was expected, what was found, and never a raw name. */
import type { ZipErrorCode } from '../errors.ts';
import { HandlerError } from '../errors.ts';

const hints: Partial<Record<ZipErrorCode, string>> = {
  ZIP_LIMIT: 'raise the limit only if you made this archive yourself; otherwise do not use it',
  ZIP_TARGET: 'name a folder that does not exist or is empty',
  ZIP_UNEXPECTED: 'build and publish the artifact and its lock again, together',
};

/** The error for a broken rule. `name` comes from the archive and goes to logs and terminals, so it is escaped. */
export function zipFault(
  code: ZipErrorCode,
  what: string,
  expected: string,
  found: string,
  name?: string,
): HandlerError {
  const named = name === undefined ? undefined : { name: quote(name) };
  return new HandlerError(
    code,
    `${what}${named ? ` ${named.name}` : ''} (expected ${expected}, found ${found})`,
    {
      hint: hints[code] ?? 'do not use this archive; build it again, or write it with "layer-builder build"',
      details: { expected, found, ...named },
    },
  );
}

/** The same error with its place: index of the entry in the central directory and its name, escaped. */
export function atEntry(error: unknown, entry: number, name: string): unknown {
  if (!(error instanceof HandlerError)) return error;
  const shown = quote(name);
  return new HandlerError(error.code, `entry ${entry} ${shown}: ${error.message}`, {
    hint: error.hint,
    details: { ...error.details, entry, name: shown },
  });
}

/** A name in double quotes, printable ASCII only, at most 80 characters of it. */
export function quote(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 80)}...` : name;
  const escaped = short.replace(
    /[^\x20-\x7e]|["\\]/gu,
    character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `"${escaped}"`;
}
