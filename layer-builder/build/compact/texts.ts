/** Pure: what a text in JavaScript means. https://tc39.es/ecma262/#sec-literals-string-literals */

/**
 * Matches a text from its first quote to before its last: the quote, then what stands between. It takes only the first
 * quote, so one that opens nothing hides no other text.
 */
export const quoted = String.raw`(["'\`])(?=((?:(?!\1)[^\\\n]|\\[\s\S])+)\1)`;

const single: Readonly<Record<string, string>> = {
  ...{ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\n': '', '\u2028': '', '\u2029': '' },
};

/** `./\x6c6` as written between quotes → `./l6`. */
export function textOf(written: string): string {
  if (!written.includes('\\')) return written;
  const escapes =
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\}|([0-3]?[0-7]{1,2})|\r\n|([\s\S]))/g;
  return written.replace(escapes, (_, byte, unit, point, octal, other = '\n') => {
    const hex = byte ?? unit ?? point;
    if (hex !== undefined) return parseInt(hex, 16) > 0x10ffff ? '' : String.fromCodePoint(parseInt(hex, 16));
    return octal === undefined ? (single[other] ?? other) : String.fromCharCode(parseInt(octal, 8));
  });
}
