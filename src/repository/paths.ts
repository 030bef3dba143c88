/** What the paths of an archive must be like: one top folder, no way out, no path twice, no file that is a folder. */
import { hostile } from './limits.ts';
import type { TarEntry } from './tar.ts';

const longest = 4096;
/** Folders below each other; deeper trees are made to exhaust whoever walks them. */
const deepest = 64;

/**
 * Makes the check for one archive. It returns the path below the top folder, undefined for the top folder itself,
 * and throws `HttpError` 422. Names are quoted as JSON, so that no control character reaches a log or a terminal.
 */
export function createTreeCheck(): (entry: TarEntry) => string | undefined {
  const files = new Set<string>();
  const folders = new Set<string>();
  let top: string | undefined;

  return ({ path: full, kind }) => {
    const parts = (full.endsWith('/') ? full.slice(0, -1) : full).split('/');
    if (full.length > longest || parts.some(part => part === '' || part === '.' || part === '..'))
      throw bad(full);
    if (full.includes('\0') || parts.length > deepest) throw bad(full);
    top ??= parts[0];
    if (parts[0] !== top) throw hostile('it has more than one top folder');
    const path = parts.slice(1).join('/');
    if (path === '') {
      if (kind !== 'folder') throw hostile('its top folder is a file');
      return undefined;
    }
    if (files.has(path) || (kind !== 'folder' && folders.has(path)))
      throw hostile(`a path twice: ${quote(path)}`);
    (kind === 'folder' ? folders : files).add(path);
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (files.has(folder)) throw hostile(`a file that is a folder too: ${quote(folder)}`);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
    return path;
  };
}

function bad(path: string): Error {
  return hostile(`the path ${quote(path)}`);
}

function quote(path: string): string {
  return JSON.stringify(path.slice(0, 100));
}
