/** A path → something that is safe to print. */

/** Control characters, line separators and marks that turn the direction of writing, as `\u{…}`. */
export function printable(path: string): string {
  return path.replace(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    character => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
