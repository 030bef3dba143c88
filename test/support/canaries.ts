/**
 * The canary run (FAULTS.md E7): the secrets of the whole suite (keys, tokens, cookies, queries, bodies, addresses of
 * services of others) carry a mark, and whatever a test sees of logs, answers and output is searched for it.
 */
const mark = '3f81c0d2';

/** A secret for tests that must appear nowhere. @param name letters and dashes, to tell which one it was */
export function canary(name: string): string {
  return `CANARY-${name}-${mark}`;
}

/** As written, in any case, and as base64 at each of its three alignments. */
const canaries = new RegExp(
  [
    `CANARY-[a-z-]{1,40}-${mark}`,
    ...[0, 1, 2].map(shift => {
      const text = Buffer.from(`${'x'.repeat(shift)}CANARY-`).toString('base64');
      // the first and the last letter hold bits of their neighbours
      return text.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + 7) * 8) / 6));
    }),
  ].join('|'),
  'gi',
);

/** The canaries in a text, each once. */
export function canariesIn(text: string): readonly string[] {
  return [...new Set(text.match(canaries))];
}

/** Throws when a canary shows. @param where what the text is */
export function refuseCanaries(text: string, where: string): void {
  const found = canariesIn(text);
  if (found.length > 0) throw new Error(`a secret shows in ${where}: ${found.join(', ')}`);
}
