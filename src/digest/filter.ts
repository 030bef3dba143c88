/** Which files a digest shows, and why the others are left out. Pure. */
import type { NoText, RepositoryFile } from '../repository/snapshot.ts';
import { matchesGlob } from './glob.ts';

export interface PathFilters {
  readonly filter_starts_with: string;
  readonly filter_contains: string;
  readonly filter_ends_with: string;
}

export interface DigestFilters extends PathFilters {
  readonly filter_starts_with_any: readonly string[];
  readonly filter_exclude_paths: readonly string[];
  readonly filter_exclude_prefixes: readonly string[];
  readonly filter_exclude_suffixes: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly max_file_size_bytes: number;
}

/** `over budget`: there was no room for it in `max_tokens`. */
export type SkipReason = 'filtered' | 'over budget' | NoText;

/** The three filters that must all hold; an empty one means "any". */
export function matchesAll(path: string, filters: PathFilters): boolean {
  return (
    path.startsWith(filters.filter_starts_with) &&
    path.includes(filters.filter_contains) &&
    path.endsWith(filters.filter_ends_with)
  );
}

/** The order of the contract: exclude paths, prefixes, suffixes, all of three, any start; then the globs. */
export function isWanted(path: string, filters: DigestFilters): boolean {
  const { filter_starts_with_any: starts, include } = withoutEmpty(filters);
  const excluded =
    some(filters.filter_exclude_paths, part => path.includes(part)) ||
    some(filters.filter_exclude_prefixes, start => path.startsWith(start)) ||
    some(filters.filter_exclude_suffixes, end => path.endsWith(end));
  if (excluded || !matchesAll(path, filters)) return false;
  if (starts.length > 0 && !starts.some(start => path.startsWith(start))) return false;
  if (include.length > 0 && !include.some(glob => matchesGlob(path, glob))) return false;
  return !some(filters.exclude, glob => matchesGlob(path, glob));
}

/** Why a file is left out, or undefined when its text is shown. */
export function whySkipped(file: RepositoryFile, filters: DigestFilters): SkipReason | undefined {
  if (!isWanted(file.path, filters)) return 'filtered';
  if (filters.max_file_size_bytes > 0 && file.size > filters.max_file_size_bytes) return 'too large';
  return file.noText;
}

/** True when the pattern of `truncate_patterns` names the path: a glob if it holds `*`, else a part of the path. */
export function isCutOff(path: string, patterns: readonly string[]): boolean {
  const given = patterns.filter(pattern => pattern !== '');
  if (given.length === 0) return true;
  return given.some(pattern => (pattern.includes('*') ? matchesGlob(path, pattern) : path.includes(pattern)));
}

/** An empty text in a list says nothing; it does not match everything. */
function some(texts: readonly string[], matches: (text: string) => boolean): boolean {
  return texts.some(text => text !== '' && matches(text));
}

function withoutEmpty(filters: DigestFilters): Pick<DigestFilters, 'filter_starts_with_any' | 'include'> {
  return {
    filter_starts_with_any: filters.filter_starts_with_any.filter(text => text !== ''),
    include: filters.include.filter(text => text !== ''),
  };
}
