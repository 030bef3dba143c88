/** Names of entries: how bytes become a path, and which paths are refused. */
import type { ZipErrorCode } from '../errors.ts';
import { zipFault } from './fault.ts';

/** Why a name is refused. */
export interface NameFault {
  readonly code: Extract<ZipErrorCode, 'ZIP_NAME' | 'ZIP_LIMIT' | 'ZIP_MISMATCH'>;
  readonly expected: string;
  readonly found: string;
}

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
 * The text of a name, given a character a byte. ASCII reads the same everywhere; other bytes need the UTF-8 flag, or
 * a Unicode path field made for them. Where both speak they must agree.
 */
export function decodeName(raw: string, utf8: boolean, unicodePath: Buffer | undefined): string | NameFault {
  const simple = ascii.test(raw);
  if (unicodePath !== undefined && (simple || utf8) && unicodePath.toString('latin1') !== raw) {
    return fault('ZIP_MISMATCH', 'the same name in header and Unicode path field', 'two names');
  }
  if (simple) return raw;
  const bytes = utf8 ? Buffer.from(raw, 'latin1') : unicodePath;
  if (bytes === undefined) return fault('ZIP_NAME', 'UTF-8, flagged as such', 'unflagged bytes');
  const text = bytes.toString('utf8');
  return bytes.equals(Buffer.from(text)) ? text : fault('ZIP_NAME', 'valid UTF-8', 'invalid UTF-8');
}

/** The path, when it is one that may be unpacked. Throws its fault. */
export function checkPath(path: string | NameFault): string {
  const fault = typeof path === 'string' ? faultOfPath(path) : path;
  if (fault) throw zipFault(fault.code, 'name', fault.expected, fault.found);
  return path as string;
}

/**
 * Why this path may not be unpacked, or nothing. The path is relative, `/`-separated and without the slash that
 * ends a folder's name.
 */
function faultOfPath(path: string): NameFault | undefined {
  if (path === '') return fault('ZIP_NAME', 'a name', 'none');
  if (path.includes('\\') || path.includes(':')) return fault('ZIP_NAME', 'no backslash and no colon', 'one');
  if (empty.test(path)) {
    return fault('ZIP_NAME', 'a relative path without empty, "." and ".." components', 'one of them');
  }
  if (!plainAscii.test(path)) {
    if (invisible.test(path)) return fault('ZIP_NAME', 'visible characters', 'controls or invisible ones');
    if (path.normalize('NFC') !== path) return fault('ZIP_NAME', 'Unicode form NFC', 'another form');
  }
  return faultOfLength(path);
}

function faultOfLength(path: string): NameFault | undefined {
  // A UTF-16 unit takes three bytes at most and a folder two characters at least: most paths are short beyond doubt.
  if (path.length * 3 <= maxComponentBytes && path.length < maxDepth * 2) return undefined;
  const bytes = Buffer.byteLength(path);
  if (bytes > maxPathBytes) return fault('ZIP_LIMIT', `a path of at most ${maxPathBytes} bytes`, `${bytes}`);
  const components = path.split('/');
  if (components.length > maxDepth) {
    return fault('ZIP_LIMIT', `at most ${maxDepth} folders deep`, `${components.length}`);
  }
  const longest = Math.max(...components.map(component => Buffer.byteLength(component)));
  if (longest <= maxComponentBytes) return undefined;
  return fault('ZIP_LIMIT', `components of at most ${maxComponentBytes} bytes`, `${longest}`);
}

function fault(code: NameFault['code'], expected: string, found: string): NameFault {
  return { code, expected, found };
}
