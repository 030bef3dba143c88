/** Two entries that are one file on some system: equal, equal but for case or Unicode form, or file and folder. */
import { quote, zipFault } from './fault.ts';

type Kind = 'file' | 'folder';

interface Claim {
  readonly path: string;
  readonly kind: Kind;
  /** False for a folder that is only known from the paths below it; it may still come as an entry. */
  readonly listed: boolean;
}

/**
 * A register of paths. Each call claims one path and the folders above it; throws `ZIP_COLLISION` when any of
 * them is taken by another entry, `ZIP_LIMIT` for more than `maxPaths` in all: folders need no entry of their own,
 * so that a few names could ask for millions. `fold` says which paths are one: see `foldPath`.
 */
export function pathRegister(
  fold: (path: string) => string,
  maxPaths: number,
): (path: string, kind: Kind) => void {
  const claims = new Map<string, Claim>();
  let lastParent = '';
  return (path, kind) => {
    const key = fold(path);
    const before = claims.get(key);
    if (before && (before.listed || before.kind !== kind || before.path !== path))
      throw collision(before.path);
    claims.set(key, { path, kind, listed: true });
    const above = parentOf(path);
    for (let parent = above; parent !== '' && parent !== lastParent; parent = parentOf(parent)) {
      const folder = fold(parent);
      const known = claims.get(folder);
      if (known?.kind === 'folder' && known.path === parent) break;
      if (known) throw collision(known.path);
      claims.set(folder, { path: parent, kind: 'folder', listed: false });
    }
    lastParent = above;
    if (claims.size > maxPaths) {
      throw zipFault('ZIP_LIMIT', 'too many files and folders', `at most ${maxPaths}`, `${claims.size}`);
    }
  };
}

/**
 * What systems see that know neither case nor Unicode forms. Lower case first catches letters whose upper case is
 * shared, upper case expands ß and ligatures. Windows drops dots and spaces at the end of a component.
 */
export function foldPath(path: string): string {
  const folded = /^[\x20-\x7e]*$/.test(path)
    ? path.toUpperCase()
    : path.toLowerCase().toUpperCase().normalize('NFC');
  return /[. ](?:\/|$)/.test(folded) ? folded.replace(/[. ]+(?=\/|$)/g, '') : folded;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function collision(other: string): Error {
  return zipFault('ZIP_COLLISION', 'a path is taken', 'every path once, in any case', quote(other));
}
