/** Bytes of a file → its text; a path → something that is safe to print. */

/** UTF-8, known to be valid; a byte order mark is not part of the text. */
export function textOf(bytes: Buffer): string {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', hasMark ? 3 : 0);
}

/** Control characters, line separators and marks that turn the direction of writing, as `\u{…}`. */
export function printable(path: string): string {
  return path.replace(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    character => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
