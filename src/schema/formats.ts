/** Grammars of the values that become part of an upstream address: strict, because no request may leave for a bad one. */
import { isIP } from 'node:net';
import type { Format } from './types.ts';

interface FormatRule {
  /** For OpenAPI and for the message; every regular expression here is linear. */
  readonly pattern: string;
  readonly is: (value: string) => boolean;
}

/** At most this many characters are ever given to a rule. */
const longest = 255;

/**
 * owner, repository: what GitHub accepts. ref: git-check-ref-format without its exotic characters, so that nothing
 * needs more than percent-encoding. ip: v4 or v6 without zone. cookie-value: cookie-octet of RFC 6265.
 */
const rules: Readonly<Record<Format, FormatRule>> = {
  owner: rule('^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})$'),
  repository: rule('^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}$'),
  ref: rule('^[A-Za-z0-9_+@=,][A-Za-z0-9._+@=,/-]{0,254}$', isRef),
  ip: rule('^[0-9A-Fa-f:.]{2,45}$', value => isIP(value) !== 0),
  'cookie-value': rule('^[!#-+\\--:<-\\[\\]-~]+$'),
};

/** True when the value obeys the grammar of its format. */
export function hasFormat(value: string, format: Format): boolean {
  return (format === 'cookie-value' || value.length <= longest) && rules[format].is(value);
}

/** The pattern of a format, for documents and messages. */
export function patternOf(format: Format): string {
  return rules[format].pattern;
}

function rule(pattern: string, more: (value: string) => boolean = () => true): FormatRule {
  const expression = new RegExp(pattern);
  return { pattern, is: value => expression.test(value) && more(value) };
}

/** https://git-scm.com/docs/git-check-ref-format, rules 1, 3, 6, 7 and 8; the pattern covers the others. */
function isRef(value: string): boolean {
  if (value === '@' || value.includes('..') || value.includes('@{')) return false;
  return value
    .split('/')
    .every(part => part !== '' && !part.startsWith('.') && !part.endsWith('.') && !part.endsWith('.lock'));
}
