/** Finds texts that look like secrets. It reports where and what kind, never the secret. Pure. */
import type { Leak } from '../repository/snapshot.ts';

/**
 * Start, the character at which the search stops, rest: a fixed start and a bounded run of one class each, so it is linear
 * whatever the file holds. One of five rare characters is in each start, so that nine tenths of a text are passed over.
 */
const kinds: readonly (readonly [
  kind: string,
  ...patterns: (readonly [start: string, at: string, rest: string])[],
])[] = [
  [
    'GitHub token',
    ['\\bgh[pousr]', '_', '[A-Za-z0-9]{36,255}'],
    ['\\bgithub_pat', '_', '[A-Za-z0-9_]{22,255}'],
  ],
  ['AWS access key id', ['\\bA[KS]', 'I', 'A[A-Z0-9]{16}\\b']],
  ['private key', ['----', '-', 'BEGIN (?:[A-Z]{1,20} ){0,2}PRIVATE KEY-----']],
  ['Slack token', ['\\bxox[abeoprs]', '-', '[A-Za-z0-9-]{10,250}']],
  ['Google API key', ['\\bA', 'I', 'za[A-Za-z0-9_-]{35}']],
  ['Stripe key', ['\\b[rs]k_live', '_', '[A-Za-z0-9]{16,250}']],
  ['npm token', ['\\bnpm', '_', '[A-Za-z0-9]{36}']],
  ['PyPI token', ['\\bpypi', '-', '[A-Za-z0-9_-]{50,250}']],
  ['GitLab token', ['\\bglpat', '-', '[A-Za-z0-9_-]{20,64}']],
  ['API key', ['\\bsk', '-', '(?:ant-|proj-)?[A-Za-z0-9_-]{32,250}']],
  [
    'JSON web token',
    ['\\bey', 'J', '[A-Za-z0-9_-]{10,1000}\\.eyJ[A-Za-z0-9_-]{10,2000}\\.[A-Za-z0-9_-]{10,1000}'],
  ],
];
const alternatives = kinds.map(([, ...patterns]) =>
  patterns.map(([start, at, rest]) => `(?<=${start}${at})${rest}`).join('|'),
);
const expression = new RegExp(`[_IJ-](?:${alternatives.map(pattern => `(${pattern})`).join('|')})`, 'g');

/** At most `most` places of one text. */
export function findLeaks(text: string, most: number): Leak[] {
  const leaks: Leak[] = [];
  let line = 1;
  let at = 0;
  for (const match of text.matchAll(expression)) {
    for (
      let next = text.indexOf('\n', at);
      next !== -1 && next < match.index;
      next = text.indexOf('\n', at)
    ) {
      line += 1;
      at = next + 1;
    }
    const kind = kinds[match.slice(1).findIndex(group => group !== undefined)]?.[0] ?? 'secret';
    leaks.push({ line, kind });
    if (leaks.length >= most) break;
  }
  return leaks;
}
