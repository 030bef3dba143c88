/** What a client sent, as the list of values that a log line must not repeat. */
import { isSecretHeader } from './redact.ts';
import type { CanonicalRequest } from './request.ts';
import type { EdgeSettings } from './settings.ts';

/** Shorter ones are words of every other sentence. */
const shortest = 6;
/** Bytes of a body that are looked at: an error quotes the beginning or one word, and the work has to end. */
const mostBytes = 16_384;
const mostWords = 500;

/** Values of headers that are credentials by name, whole and in their parts (`Bearer …`, `name=value; …`). */
export function secretsOf(
  request: CanonicalRequest | undefined,
  settings: Pick<EdgeSettings, 'redactHeaders'>,
): readonly string[] {
  if (request === undefined) return [];
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (isSecretHeader(name, settings.redactHeaders)) secrets.push(value, ...value.split(/[\s;,=]+/));
  }
  return longestFirst(secrets);
}

/** Values of the query, as written and decoded, and words of the body. */
export function inputsOf(request: CanonicalRequest | undefined): readonly string[] {
  if (request === undefined) return [];
  const at = request.url.indexOf('?');
  const query = at < 0 ? '' : request.url.slice(at + 1);
  const raw = query.split('&').map(pair => pair.slice(pair.indexOf('=') + 1));
  const words =
    request.body
      .subarray(0, mostBytes)
      .toString('utf8')
      .match(/[\w.~+/=-]{6,}/g) ?? [];
  return longestFirst([...raw, ...new URLSearchParams(query).values(), ...words.slice(0, mostWords)]);
}

/** A value inside another one must not break it up before it is found. */
function longestFirst(values: readonly string[]): readonly string[] {
  return [...new Set(values)].filter(value => value.length >= shortest).sort((a, b) => b.length - a.length);
}
