/** Splits a raw request target into path and query without normalising either: `..` in an S3 key is a key. */

export interface RequestTarget {
  /** The path as sent, still percent-encoded, starting with `/`. */
  readonly path: string;
  /** Decoded names and values, in the order sent; a name without `=` has the value `''`. */
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** A target that cannot be decoded: a broken percent escape, or bytes that are not UTF-8. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

/**
 * Parses the request target of an HTTP/1.1 request line, in origin or absolute form (RFC 9112, 3.2).
 * Throws `TargetError` when a percent escape does not decode to UTF-8.
 */
export function parseTarget(target: string): RequestTarget {
  const origin = /^https?:\/\/[^/?#]*/i.exec(target)?.[0] ?? '';
  const rest = target.slice(origin.length);
  const mark = rest.indexOf('?');
  const path = mark === -1 ? rest : rest.slice(0, mark);
  const search = mark === -1 ? '' : rest.slice(mark + 1);
  return {
    path: path.startsWith('/') ? path : `/${path}`,
    query: search
      .split('&')
      .filter(pair => pair !== '')
      .map(pair => {
        const equals = pair.indexOf('=');
        const [name, value] = equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
        return [decodeForm(name), decodeForm(value)] as const;
      }),
  };
}

/** Decodes percent escapes strictly as UTF-8. Throws `TargetError`. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new TargetError('The request target holds a percent escape that is not UTF-8.', { cause });
  }
}

/** Percent-encodes everything but RFC 3986's unreserved characters, as SigV4 and S3's `encoding-type=url` do. */
export function encodePercent(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

// In a query `+` is a space: S3 and Lambda read it so, and clients that mean a plus send %2B.
function decodeForm(text: string): string {
  return decodePercent(text.replaceAll('+', ' '));
}
