/** JSON files of packages, read as Node reads them. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

/** Node drops a byte order mark before it parses. */
export function readJsonText(file: string): string {
  return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
}

/**
 * The same value in fewer bytes. What `JSON.stringify` would write as another value (`-0`, a number beyond all such as
 * `1e400`) keeps its own words, without the spaces between. Throws a `SyntaxError` as `JSON.parse` does.
 */
export function compactJson(text: string): string {
  const value: unknown = JSON.parse(text);
  const short = JSON.stringify(value);
  return isDeepStrictEqual(JSON.parse(short), value)
    ? short
    : text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string = '') => string);
}

/** A file that is none fails when it is required, so it can be bundled no more than any other that does not parse. */
export function isJson(file: string): boolean {
  try {
    JSON.parse(readJsonText(file));
    return true;
  } catch {
    return false;
  }
}
