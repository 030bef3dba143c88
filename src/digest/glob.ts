/** Globs over paths without regular expressions, so that no pattern can make matching explode. Pure. */

/** A path, split at its slashes. */
export type Names = readonly string[];

/**
 * Reads a glob. The result is true for a path that it matches, or that lies in a folder that it matches. `*` and `?`
 * stay within a name, `**` spans names. A glob without `/` matches a name at any depth, as in .gitignore; with one it
 * matches from the root.
 */
export function parseGlob(glob: string): (names: Names) => boolean {
  const trimmed = glob.replace(/^\//, '').replace(/\/$/, '');
  if (trimmed === '') return () => false;
  if (!glob.replace(/\/$/, '').includes('/')) return names => names.some(name => matchesName(name, trimmed));
  const parts = trimmed.split('/');
  const patterns = parts.filter((part, index) => part !== '**' || parts[index - 1] !== '**');
  const fewest = patterns.filter(pattern => pattern !== '**').length;
  return names => names.length >= fewest && matchesNames(names, patterns);
}

/** Names × patterns; reached[i]: the patterns so far can end before names[i]. Time is their product. */
function matchesNames(names: Names, patterns: readonly string[]): boolean {
  let reached = names.map((_, index) => index === 0);
  reached.push(false);
  for (const pattern of patterns) {
    const next = reached.map(() => false);
    for (const [index, isReached] of reached.entries()) {
      if (pattern === '**') next[index] = isReached || (next[index - 1] ?? false);
      else if (isReached && index < names.length && matchesName(names[index] ?? '', pattern)) {
        next[index + 1] = true;
      }
    }
    reached = next;
  }
  // Reached before the end: the glob matched a folder, and everything in it is meant.
  return reached.includes(true, 1);
}

/** One name. Falls back to the last `*` only, so the time is at most the product of the lengths. */
function matchesName(name: string, pattern: string): boolean {
  let n = 0;
  let p = 0;
  let star = -1;
  let mark = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p;
      mark = n;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p += 1;
      n += 1;
    } else if (star !== -1) {
      p = star + 1;
      mark += 1;
      n = mark;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
