/** Two entries that are one file on some system: equal, equal but for case or Unicode form, or file and folder. */
import { quote, zipFault } from './fault.ts';

type Kind = 'file' | 'folder';

interface FolderClaim {
  readonly path: string;
  /** False for a folder that is only known from the paths below it; it may still come as an entry. */
  readonly listed: boolean;
}

/** A file is its number alone: thousands of objects or texts would grow V8's young generation by megabytes. */
type Claim = number | FolderClaim;

/**
 * A register of paths. Each call claims one path and the folders above it; throws `ZIP_COLLISION` when any of
 * them is taken by another entry, `ZIP_LIMIT` for more than `maxPaths` in all: folders need no entry of their own,
 * so that a few names could ask for millions. `fold` says which paths are one: see `foldPath`; `pathAt` what the path
 * of an earlier call was, by its number.
 */
export function pathRegister(
  fold: (path: string) => string,
  maxPaths: number,
  pathAt: (index: number) => string,
): (path: string, kind: Kind) => void {
  const claims = new Map<string, Claim>();
  const pathOf = (claim: Claim) => (typeof claim === 'number' ? pathAt(claim) : claim.path);
  let lastParent = '';
  let index = 0;
  return (path, kind) => {
    const key = fold(path);
    const before = claims.get(key);
    if (before !== undefined) {
      const isOwn = kind === 'folder' && typeof before === 'object' && !before.listed && before.path === path;
      if (!isOwn) throw collision(pathOf(before));
    }
    claims.set(key, kind === 'file' ? index : { path, listed: true });
    index += 1;
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

function collision(other: string): Error {
  return zipFault('ZIP_COLLISION', 'a path is taken', 'every path once, in any case', quote(other));
}
