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
 * them is taken by another entry under Unicode case folding.
 */
export function pathRegister(): (path: string, kind: Kind, entry: number) => void {
  const claims = new Map<string, Claim>();
  return (path, kind, entry) => {
    const key = fold(path);
    const before = claims.get(key);
    if (before && (before.listed || before.kind !== kind || before.path !== path)) {
      throw collision(path, before.path, entry);
    }
    claims.set(key, { path, kind, listed: true });
    for (let parent = parentOf(path); parent !== ''; parent = parentOf(parent)) {
      const folder = fold(parent);
      const known = claims.get(folder);
      if (known?.kind === 'folder' && known.path === parent) return;
      if (known) throw collision(path, known.path, entry);
      claims.set(folder, { path: parent, kind: 'folder', listed: false });
    }
  };
}

/**
 * What case-blind systems see. Lower case first catches letters whose upper case is shared, upper case expands ß and
 * ligatures. Windows drops dots and spaces at the end of a component.
 */
function fold(path: string): string {
  const folded = path.toLowerCase().toUpperCase().normalize('NFC');
  return folded.replace(/[. ]+(?=\/|$)/g, '');
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function collision(path: string, other: string, entry: number): Error {
  return zipFault('ZIP_COLLISION', 'a path is taken', 'every path once, in any case', quote(other), {
    entry,
    name: path,
  });
}
