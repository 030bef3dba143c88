/** Grammars of the values that become part of an upstream address: strict, because no request may leave for a bad one. */
import { isIP } from 'node:net';
import type { Format } from './types.ts';

/** At most this many characters are ever given to a pattern; each of them is linear. */
const longest = 1024;

/** owner, repository: what GitHub accepts. cookie-value: cookie-octet of RFC 6265. */
const patterns: Readonly<Record<Exclude<Format, 'ip' | 'ref'>, string>> = {
  owner: '^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$',
  repository: '^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}$',
  'cookie-value': '^[!#-+\\--:<-\\[\\]-~]+$',
};

/**
 * git-check-ref-format without its exotic characters, so that percent-encoding is all it takes: no `..`, `//`, no part
 * that starts or ends with a dot or ends with `.lock`, not `@` alone. https://git-scm.com/docs/git-check-ref-format
 */
const refPattern =
  '^(?!@$)(?!.*(?:\\.\\.|//|/\\.|\\./|\\.lock(?:/|$)))' +
  '[A-Za-z0-9_+@=,](?:[A-Za-z0-9._+@=,/-]{0,253}[A-Za-z0-9_+@=,-])?$';

const expressions = Object.fromEntries(
  Object.entries({ ...patterns, ref: refPattern }).map(([format, pattern]) => [format, new RegExp(pattern)]),
) as Record<Exclude<Format, 'ip'>, RegExp>;

/** True when the value obeys the grammar of its format. An address is IPv4 or IPv6 without a zone. */
export function hasFormat(value: string, format: Format): boolean {
  if (value.length > longest) return false;
  return format === 'ip' ? isIP(value) !== 0 && !value.includes('%') : expressions[format].test(value);
}

/** The pattern of a format for messages and documents; undefined for addresses, which no pattern says well. */
export function patternOf(format: Format): string | undefined {
  return format === 'ip' ? undefined : expressions[format].source.replaceAll('\\/', '/');
}
