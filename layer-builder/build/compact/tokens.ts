/** Pure: stands in for what is known only when both graphs are made, and puts it in place. */
import { join, posix, relative, sep } from 'node:path';
import type { BundleChunk } from './bundle.ts';
import { shiftMap } from './maps.ts';

/** Prefix of a file's absolute path where the relative one is not known yet. */
export const token = 'layer-builder-file:';
/** Prefix of a file's absolute path where the id of its module is not known yet. */
export const idToken = 'layer-builder-id:';
/** How rolldown writes what is not ASCII. */
const escaped = /\\u(?:\{([0-9a-f]+)\}|([0-9a-f]{4}))/gi;

/** Puts relative paths and ids in place of tokens: of the chunk that answers for a file, or of the file itself. */
export function linkFiles(
  chunk: BundleChunk,
  state: { readonly folder: string },
  places: ReadonlyMap<string, string>,
  ids: ReadonlyMap<string, number>,
): BundleChunk {
  const pattern = new RegExp(`(["'\`])(${token}|${idToken})(.*?)\\1`, 'g');
  const edits: { line: number; column: number; by: number }[] = [];
  const pathTo = (file: string): string => {
    const own = file.startsWith('.chunks/')
      ? file
      : relative(join(state.folder, 'node_modules'), file).split(sep).join('/');
    const path = posix.relative(posix.dirname(chunk.path), places.get(file) ?? own);
    return path.startsWith('.') ? path : `./${path}`;
  };
  const code = chunk.code.replaceAll(pattern, (...parts) => {
    const [whole, quote, kind, named, offset] = parts as [string, string, string, string, number];
    const file = named.replace(escaped, (_, inBraces, hex) =>
      String.fromCodePoint(parseInt(inBraces ?? hex, 16)),
    );
    const text = kind === idToken ? String(ids.get(file)) : `${quote}${pathTo(file)}${quote}`;
    const before = chunk.code.slice(0, offset);
    const line = before.split('\n').length - 1;
    edits.push({ line, column: offset - before.lastIndexOf('\n') - 1, by: text.length - whole.length });
    return text;
  });
  return { ...chunk, code, map: chunk.map && shiftMap(chunk.map, edits) };
}
