/** Two entries that are one file on some system: equal, equal but for case or Unicode form, or file and folder. */
import { quote, zipFault } from './fault.ts';

type Kind = 'file' | 'folder';

interface FolderClaim {
  readonly path: string;
  /** False for a folder that is only known from the paths below it; it may still come as an entry. */
  readonly listed: boolean;
}

/** A file is its path alone: thousands of objects would grow V8's young generation by megabytes. */
type Claim = string | FolderClaim;

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
    if (before !== undefined) {
      const isOwn = kind === 'folder' && typeof before === 'object' && !before.listed && before.path === path;
      if (!isOwn) throw collision(pathOf(before));
    }
    claims.set(key, kind === 'file' ? path : { path, listed: true });
    const above = parentOf(path);
    for (let parent = above; parent !== '' && parent !== lastParent; parent = parentOf(parent)) {
      const folder = fold(parent);
      const known = claims.get(folder);
      if (typeof known === 'object' && known.path === parent) break;
      if (known !== undefined) throw collision(pathOf(known));
      claims.set(folder, { path: parent, listed: false });
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

function pathOf(claim: Claim): string {
  return typeof claim === 'string' ? claim : claim.path;
}

function collision(other: string): Error {
  return zipFault('ZIP_COLLISION', 'a path is taken', 'every path once, in any case', quote(other));
}
