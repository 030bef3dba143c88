/** The facts of a digest → its text in one format, part by part, within its budget of tokens. Pure. */
import { printable } from '../repository/text.ts';
import type { Digest, DigestFile, Skipped } from './digest.ts';
import type { Format } from './formats/format.ts';

/**
 * Renders the digest. With `max_tokens`, files are taken in the order of their paths as long as they fit behind the
 * head; the others are listed as left out. The head itself is never cut.
 */
export function renderDigest(whole: Digest, format: Format): Iterable<string | Buffer> {
  const digest = whole.request.max_tokens > 0 ? fitted(whole, format) : whole;
  return parts(digest, format);
}

function* parts(digest: Digest, format: Format): Generator<string | Buffer> {
  yield format.head(digest);
  const shown = digest.request.hide_file_contents ? [] : digest.files;
  for (const [index, file] of shown.entries()) yield* format.file(digest, file, index);
  yield format.end(digest);
}

/** Characters. */
function lengthOf(parts: readonly (string | Buffer)[]): number {
  return parts.reduce((sum, part) => sum + part.toString().length, 0);
}

/** Characters that a file may add to the head's tree: a line for each new folder and one for itself, drawn and escaped. */
function treeCost(path: string): number {
  const names = printable(path).split('/');
  return names.reduce((sum, name, depth) => sum + name.length + 4 * depth + 8, 60);
}

function fitted(digest: Digest, format: Format): Digest {
  const { max_tokens, hide_file_contents: isHidden } = digest.request;
  const most = max_tokens * 4;
  const length = (chosen: Digest) => format.head(chosen).length + format.end(chosen).length;
  const costs = new Map<DigestFile, number>();
  let used = length(choose(digest, new Set()));
  for (const file of digest.files) {
    // The estimate is at hand; the part itself is made only for what may fit.
    if (!isHidden && used + file.tokens * 4 - 4 > most) continue;
    const part = isHidden ? 0 : lengthOf(format.file(digest, file, 1));
    const cost = part + treeCost(file.path);
    if (used + cost > most) continue;
    costs.set(file, part);
    used += cost;
  }
  // The bound above is generous but no proof: escaping may lengthen a name. What is over goes from the end.
  for (;;) {
    const chosen = choose(digest, new Set(costs.keys()));
    let over = length(chosen) + [...costs.values()].reduce((sum, part) => sum + part, 0) - most;
    if (over <= 0 || costs.size === 0) return chosen;
    for (const [file, part] of [...costs].reverse()) {
      if (over <= 0) break;
      costs.delete(file);
      over -= part + 1;
    }
  }
}

/** The digest of these files; all others of it are listed as left out. */
function choose(digest: Digest, files: ReadonlySet<DigestFile>): Digest {
  const left = digest.files.filter(file => !files.has(file)).map(leftOut);
  const skipped = [...digest.skipped, ...left].sort((a, b) => (a.path < b.path ? -1 : 1));
  const paths = new Set([...files].map(file => file.path));
  const leaks = digest.leaks.filter(leak => paths.has(leak.path));
  return { ...digest, files: digest.files.filter(file => files.has(file)), skipped, leaks };
}

function leftOut({ path, size }: DigestFile): Skipped {
  return { path, size, reason: 'over budget' };
}
