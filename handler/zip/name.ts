/** Names of entries: how bytes become a path, and which paths are refused. */
import { zipFault } from './fault.ts';

const maxPathBytes = 1_024;
/** Linux, macOS and Windows all stop at 255. */
const maxComponentBytes = 255;
const maxDepth = 64;

const ascii = /^\p{ASCII}*$/u;
const plainAscii = /^[\x20-\x7e]*$/;
/** Controls, format characters (bidi, zero width, BOM), line separators and noncharacters: none is visible. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;
/** A component that is empty, "." or "..". */
const empty = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * The path of an entry, given the bytes of its name, a character a byte: relative, `/`-separated and without the slash
 * that ends a folder's name. ASCII reads the same everywhere; other bytes need the UTF-8 flag, or a Unicode path field
 * made for them. Where both speak they must agree.
 *
 * Throws `ZIP_NAME`, `ZIP_LIMIT` for its length or depth, `ZIP_MISMATCH` for two names.
 */
export function readPath(raw: string, utf8: boolean, unicodePath: Buffer | undefined): string {
  const name = decodeName(raw, utf8, unicodePath);
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  if (path === '') throw refuse('a name', 'none');
  if (path.includes('\\') || path.includes(':')) throw refuse('no backslash and no colon', 'one');
  if (empty.test(path)) {
    throw refuse('a relative path without empty, "." and ".." components', 'one of them');
  }
  const plain = plainAscii.test(path);
  if (!plain) checkCharacters(path);
  // A UTF-16 unit takes three bytes at most, a component with its slash two characters at least: so most are short.
  const mostBytes = plain ? path.length : path.length * 3;
  if (mostBytes > maxComponentBytes || path.length >= maxDepth * 2) checkLength(path);
  return path;
}

function decodeName(raw: string, utf8: boolean, unicodePath: Buffer | undefined): string {
  const simple = ascii.test(raw);
  if (unicodePath !== undefined && (simple || utf8) && unicodePath.toString('latin1') !== raw) {
    throw zipFault('ZIP_MISMATCH', 'name', 'the same one in header and Unicode path field', 'two');
  }
  if (simple) return raw;
  const bytes = utf8 ? Buffer.from(raw, 'latin1') : unicodePath;
  if (bytes === undefined) throw refuse('UTF-8, flagged as such', 'unflagged bytes');
  const text = bytes.toString('utf8');
  if (!bytes.equals(Buffer.from(text))) throw refuse('valid UTF-8', 'invalid UTF-8');
  if (text.endsWith('/') !== raw.endsWith('/')) {
    throw zipFault('ZIP_MISMATCH', 'name', 'a folder in header and Unicode path field, or in none', 'in one');
  }
  return text;
}

function checkCharacters(path: string): void {
  if (invisible.test(path)) throw refuse('visible characters', 'controls or invisible ones');
  if (path.normalize('NFC') !== path) throw refuse('Unicode form NFC', 'another form');
}

function checkLength(path: string): void {
  const components = path.split('/');
  const longest = Math.max(...components.map(component => Buffer.byteLength(component)));
  limit('bytes of the path', maxPathBytes, Buffer.byteLength(path));
  limit('components of the path', maxDepth, components.length);
  limit('bytes of a component', maxComponentBytes, longest);
}

function limit(what: string, most: number, found: number): void {
  if (found > most) throw zipFault('ZIP_LIMIT', what, `at most ${most}`, `${found}`);
}

function refuse(expected: string, found: string): Error {
  return zipFault('ZIP_NAME', 'name', expected, found);
}
