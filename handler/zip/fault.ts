/** How a refusal of an archive is said: one code, what was expected, what was found, and never a raw name. */
import type { ZipErrorCode } from '../errors.ts';
import { HandlerError } from '../errors.ts';

/** Where in the archive the fault is: index of the entry in the central directory, its name as bytes or text. */
export interface FaultPlace {
  readonly entry?: number;
  readonly name?: Uint8Array | string;
}

const hints: Partial<Record<ZipErrorCode, string>> = {
  ZIP_LIMIT: 'raise the limit only if you made this archive yourself; otherwise do not use it',
  ZIP_TARGET: 'name a folder that does not exist or is empty',
  ZIP_UNEXPECTED: 'build and publish the artifact and its lock again, together',
};

/** The error for a broken rule. Names are escaped: they come from the archive and go to logs and terminals. */
export function zipFault(
  code: ZipErrorCode,
  what: string,
  expected: string,
  found: string,
  place: FaultPlace = {},
): HandlerError {
  const at = place.entry === undefined ? '' : ` in entry ${place.entry}`;
  const name = place.name === undefined ? undefined : quote(place.name);
  return new HandlerError(
    code,
    `${what}${at}${name === undefined ? '' : ` ${name}`} (expected ${expected}, found ${found})`,
    {
      hint: hints[code] ?? 'do not use this archive; build it again, or write it with "layer-builder build"',
      details: {
        expected,
        found,
        ...(place.entry === undefined ? {} : { entry: place.entry }),
        ...(name === undefined ? {} : { name }),
      },
    },
  );
}

/** A name in double quotes, printable ASCII only, at most 80 characters of it. */
export function quote(name: Uint8Array | string): string {
  const text = typeof name === 'string' ? name : Buffer.from(name.subarray(0, 320)).toString('latin1');
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  const escaped = short.replace(
    /[^\x20-\x7e…]|["\\]/g,
    character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `"${escaped.replace('…', '...')}"`;
}
