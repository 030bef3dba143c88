/** Names of entries: how bytes become a path, and which paths are refused. */
import type { ZipErrorCode } from '../errors.ts';

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

/** Controls, format characters (bidi, zero width, BOM), line separators and noncharacters: none is visible. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/**
 * The text of a name. ASCII reads the same everywhere; other bytes need the UTF-8 flag, or a Unicode path field
 * made for them. Where both speak they must agree.
 */
export function decodeName(raw: Buffer, utf8: boolean, unicodePath: Buffer | undefined): string | NameFault {
  const ascii = raw.every(byte => byte < 0x80);
  if (unicodePath !== undefined && (ascii || utf8) && !unicodePath.equals(raw)) {
    return fault('ZIP_MISMATCH', 'the same name in header and Unicode path field', 'two names');
  }
  if (ascii) return raw.toString('latin1');
  if (!utf8 && unicodePath === undefined)
    return fault('ZIP_NAME', 'UTF-8, flagged as such', 'unflagged bytes');
  const bytes = utf8 ? raw : unicodePath;
  const text = bytes?.toString('utf8') ?? '';
  return bytes?.equals(Buffer.from(text)) ? text : fault('ZIP_NAME', 'valid UTF-8', 'invalid UTF-8');
}

/**
 * Why this path may not be unpacked, or nothing. The path is relative, `/`-separated and without the slash that
 * ends a folder's name.
 */
export function faultOfPath(path: string): NameFault | undefined {
  if (path === '') return fault('ZIP_NAME', 'a name', 'none');
  if (Buffer.byteLength(path) > maxPathBytes) {
    return fault('ZIP_LIMIT', `a path of at most ${maxPathBytes} bytes`, `${Buffer.byteLength(path)}`);
  }
  if (path.includes('\\') || path.includes(':')) return fault('ZIP_NAME', 'no backslash and no colon', 'one');
  if (invisible.test(path)) return fault('ZIP_NAME', 'visible characters', 'controls or invisible ones');
  if (path.normalize('NFC') !== path) return fault('ZIP_NAME', 'Unicode form NFC', 'another form');
  const components = path.split('/');
  if (components.length > maxDepth) {
    return fault('ZIP_LIMIT', `at most ${maxDepth} folders deep`, `${components.length}`);
  }
  for (const component of components) {
    const found = faultOfComponent(component);
    if (found) return found;
  }
  return undefined;
}

function faultOfComponent(component: string): NameFault | undefined {
  if (component === '' || component === '.' || component === '..') {
    return fault('ZIP_NAME', 'a relative path without empty, "." and ".." components', `"${component}"`);
  }
  const bytes = Buffer.byteLength(component);
  if (bytes > maxComponentBytes) {
    return fault('ZIP_LIMIT', `components of at most ${maxComponentBytes} bytes`, `${bytes}`);
  }
  return undefined;
}

function fault(code: NameFault['code'], expected: string, found: string): NameFault {
  return { code, expected, found };
}
