/** Which paths a digest shows. Pure. */
import { parseGlob } from './glob.ts';

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
}

export type IsWanted = (path: string) => boolean;

/** The three filters that must all hold; an empty one means "any". */
export function matchesAll(path: string, filters: PathFilters): boolean {
  return (
    path.startsWith(filters.filter_starts_with) &&
    path.includes(filters.filter_contains) &&
    path.endsWith(filters.filter_ends_with)
  );
}

/**
 * Reads the filters once for many paths. The order is that of the contract: excluded parts, prefixes, suffixes, all of
 * three, any start; then the globs. An empty text in a list says nothing; it does not match everything.
 */
export function parseFilters(filters: DigestFilters): IsWanted {
  const parts = said(filters.filter_exclude_paths);
  const prefixes = said(filters.filter_exclude_prefixes);
  const suffixes = said(filters.filter_exclude_suffixes);
  const starts = said(filters.filter_starts_with_any);
  const include = said(filters.include).map(parseGlob);
  const exclude = said(filters.exclude).map(parseGlob);
  return path => {
    if (parts.some(part => path.includes(part))) return false;
    if (prefixes.some(prefix => path.startsWith(prefix))) return false;
    if (suffixes.some(suffix => path.endsWith(suffix))) return false;
    if (!matchesAll(path, filters)) return false;
    if (starts.length > 0 && !starts.some(start => path.startsWith(start))) return false;
    if (include.length === 0 && exclude.length === 0) return true;
    const names = path.split('/');
    if (include.length > 0 && !include.some(matches => matches(names))) return false;
    return !exclude.some(matches => matches(names));
  };
}

/** Reads `truncate_patterns`: globs where they hold `*`, else parts of paths; none at all means every path. */
export function parseCutOff(patterns: readonly string[]): IsWanted {
  const matchers = said(patterns).map(pattern => {
    if (!pattern.includes('*')) return (path: string) => path.includes(pattern);
    const matches = parseGlob(pattern);
    return (path: string) => matches(path.split('/'));
  });
  return path => matchers.length === 0 || matchers.some(matches => matches(path));
}

function said(texts: readonly string[]): string[] {
  return texts.filter(text => text !== '');
}
