/** Patterns as policies write them. */

/** `*` and `?` as policies use them; linear in practice because the pieces are found from left to right. */
export function glob(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let index = 0;
  while (index < text.length) {
    const char = pattern[at];
    if (char === '*') {
      star = at;
      at += 1;
      resume = index;
    } else if (char === '?' || char === text[index]) {
      at += 1;
      index += 1;
    } else if (star !== -1) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
