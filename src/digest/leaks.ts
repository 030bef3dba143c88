/** Finds texts that look like secrets. It reports where and what kind, never the secret. Pure. */

export interface Leak {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly kind: string;
}

/** A fixed start and a bounded run of one class each: linear, whatever the file holds. */
const kinds: readonly (readonly [kind: string, pattern: string])[] = [
  ['GitHub token', '\\bgh[pousr]_[A-Za-z0-9]{36,255}|\\bgithub_pat_[A-Za-z0-9_]{22,255}'],
  ['AWS access key id', '\\b(?:AKIA|ASIA)[A-Z0-9]{16}\\b'],
  ['private key', '-----BEGIN (?:[A-Z]{1,20} ){0,2}PRIVATE KEY-----'],
  ['Slack token', '\\bxox[abeoprs]-[A-Za-z0-9-]{10,250}'],
  ['Google API key', '\\bAIza[A-Za-z0-9_-]{35}'],
  ['Stripe key', '\\b[rs]k_live_[A-Za-z0-9]{16,250}'],
  ['npm token', '\\bnpm_[A-Za-z0-9]{36}'],
  ['PyPI token', '\\bpypi-[A-Za-z0-9_-]{50,250}'],
  ['GitLab token', '\\bglpat-[A-Za-z0-9_-]{20,64}'],
  ['API key', '\\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,250}'],
  ['JSON web token', '\\beyJ[A-Za-z0-9_-]{10,1000}\\.eyJ[A-Za-z0-9_-]{10,2000}\\.[A-Za-z0-9_-]{10,1000}'],
];
const expression = new RegExp(kinds.map(([, pattern]) => `(${pattern})`).join('|'), 'g');

/** At most `most` places of one file. */
export function findLeaks(path: string, text: string, most: number): Leak[] {
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
    leaks.push({ path, line, kind });
    if (leaks.length >= most) break;
  }
  return leaks;
}
