/** Path and query of each source → the request target (`/path?query`) an HTTP/1.1 client would have sent. */

/** RFC 3986 `pchar` and `/`. A percent sign is legal only before two hexadecimal digits. */
const legalPath = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
/** The same without percent signs. */
const plainPath = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/;
const illegalInPath = /%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/gu;
const illegalInDecodedPath = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]+/gu;

/**
 * Characters that never reach an app in a query. Brackets, braces, pipes and quotes are not in RFC 3986's grammar
 * either, but browsers send them as they are and every server takes them.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const illegalInQuery = /[\u0000-\u0020#\u007f-\u{10ffff}]+/gu;

/** An encoded path as it came: only what is illegal in a path is escaped, nothing is ever decoded. */
export function encodedPath(path: string): string {
  return rooted(legalPath.test(path) ? path : path.replace(illegalInPath, escapeAll));
}

/**
 * A path that API Gateway's HTTP API has decoded already: a percent sign in it is a character of its own, so it is
 * escaped too. Otherwise the app's decoding would be the second.
 */
export function decodedPath(path: string): string {
  return rooted(plainPath.test(path) ? path : path.replace(illegalInDecodedPath, escapeAll));
}

/** A query that arrives as the client wrote it. */
export function rawQuery(query: string): string {
  return query === '' ? query : query.replace(illegalInQuery, escapeAll);
}

/** Decoded names and values (REST API) → a query. Order of names and, within a name, of values is kept. */
export function decodedQuery(parameters: Iterable<readonly [string, string]>): string {
  let query = '';
  for (const [name, value] of parameters) {
    query += `${query === '' ? '' : '&'}${escapeAll(name)}=${escapeAll(value)}`;
  }
  return query;
}

/** Names and values that a load balancer passes on undecoded → a query. */
export function undecodedQuery(parameters: Iterable<readonly [string, string]>): string {
  let query = '';
  for (const [name, value] of parameters) {
    query += `${query === '' ? '' : '&'}${rawQuery(name)}=${rawQuery(value)}`;
  }
  return query;
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

/** `encodeURIComponent` throws on half a surrogate pair; an attacker's event may hold one. */
function escapeAll(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
