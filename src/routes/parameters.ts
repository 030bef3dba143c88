/** Parameters that several routes share. */
import type { Fields } from '../schema/types.ts';

export const repositoryFields = {
  owner: {
    type: 'string',
    default: 'owasp-sbot',
    format: 'owner',
    maxLength: 39,
    description: 'User or organisation',
    examples: ['owasp-sbot'],
  },
  name: {
    type: 'string',
    default: 'OSBot-Utils',
    format: 'repository',
    maxLength: 100,
    description: 'Repository',
    examples: ['OSBot-Utils'],
  },
} as const satisfies Fields;

export const refField = {
  ref: {
    type: 'string',
    default: 'main',
    format: 'ref',
    maxLength: 255,
    description: 'Branch, tag or commit id',
    examples: ['main', 'v1.2.3', 'feature/x'],
  },
} as const satisfies Fields;

export const pageFields = {
  page: { type: 'integer', default: 1, minimum: 1, maximum: 1000, description: 'From 1' },
  per_page: { type: 'integer', default: 30, minimum: 1, maximum: 100, description: 'Items a page' },
} as const satisfies Fields;

/** The three filters that must all hold; an empty one means "any". */
export function filterFields<const Start extends string>(startsWith: Start) {
  return {
    filter_starts_with: { type: 'string', default: startsWith, description: 'Start of the path; empty: any' },
    filter_contains: { type: 'string', default: '', description: 'Part of the path; empty: any' },
    filter_ends_with: { type: 'string', default: '', description: 'End of the path; empty: any' },
  } as const satisfies Fields;
}

const globs = {
  type: 'array',
  items: { type: 'string', maxLength: 200 },
  default: [],
  maxItems: 100,
} as const;

/** What the digest has beside the original's filters. */
export const digestFields = {
  include: {
    ...globs,
    description: 'Globs (`*`, `?`, `**`); only paths that match one. Without `/`: a name anywhere',
    examples: [['*.py', 'docs/**']],
  },
  exclude: { ...globs, description: 'Globs; no path that matches one', examples: [['test', '*.lock']] },
  max_tokens: {
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 100_000_000,
    description: 'Budget for the whole digest in estimated tokens (characters / 4); 0: none',
  },
  format: {
    type: 'string',
    optional: true,
    enum: ['markdown', 'xml', 'json', 'text'],
    description: 'Default: what `Accept` asks for, else markdown',
  },
} as const satisfies Fields;

const texts = { type: 'array', items: { type: 'string' }, default: [], maxItems: 1000 } as const;

/** The filters that only the POST route has. */
export const bodyFilterFields = {
  filter_starts_with_any: {
    ...texts,
    description: 'Starts of paths of which one must match; empty list: any',
  },
  filter_exclude_paths: { ...texts, description: 'Paths that contain one of these are left out' },
  filter_exclude_prefixes: { ...texts, description: 'Paths that start with one of these are left out' },
  filter_exclude_suffixes: { ...texts, description: 'Paths that end with one of these are left out' },
  max_file_size_bytes: {
    type: 'integer',
    default: 0,
    minimum: 0,
    description: 'Larger files are left out; 0: none',
  },
  max_content_length: {
    type: 'integer',
    default: 0,
    minimum: 0,
    description: 'Characters after which a file is cut off; 0: never',
  },
  truncate_patterns: {
    ...texts,
    description: 'Only paths that contain (or, with `*`, match) one of these are cut off; empty list: all',
  },
  hide_file_contents: { type: 'boolean', default: false, description: 'Head and tree only' },
} as const satisfies Fields;
