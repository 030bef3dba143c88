/** Listing keys by prefix and delimiter, page by page: pure, over keys in S3's order. */
import { compareKeys, findIndex } from '../store/keys.ts';
import type { Version } from '../store/model.ts';

export interface ListRequest {
  readonly prefix: string;
  /** `''`: no delimiter. */ readonly delimiter: string;
  /** The page begins after this key or common prefix; `''`: at the start. */ readonly after: string;
  /** Most entries on the page; a common prefix counts as one. */ readonly max: number;
}

export type ListEntry =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'prefix'; readonly prefix: string };

export type VersionEntry =
  | {
      readonly kind: 'version';
      readonly key: string;
      readonly version: Version;
      readonly isLatest: boolean;
    }
  | { readonly kind: 'prefix'; readonly prefix: string };

export interface ListPage {
  readonly entries: readonly ListEntry[];
  /** Where the next page begins after; `undefined` on the last page. */ readonly next: string | undefined;
}

export interface VersionPage {
  readonly entries: readonly VersionEntry[];
  readonly next: { readonly key: string; readonly versionId: string | undefined } | undefined;
}

/** Lists one page of the keys for which `isVisible` holds. A page of no entries is the last one, as at S3. */
export function listPage(
  keys: readonly string[],
  request: ListRequest,
  isVisible: (key: string) => boolean,
): ListPage {
  const entries: ListEntry[] = [];
  if (request.max === 0) return { entries, next: undefined };
  for (const entry of walk(keys, request, isVisible)) {
    const last = entries.at(-1);
    if (last !== undefined && entries.length === request.max) return { entries, next: nameOf(last) };
    entries.push(entry);
  }
  return { entries, next: undefined };
}

/** Lists one page of all versions; `afterVersion` continues inside the versions of the key `request.after`. */
export function listVersionsPage(
  keys: readonly string[],
  versionsOf: (key: string) => readonly Version[],
  request: ListRequest & { readonly afterVersion: string | undefined },
): VersionPage {
  const entries: VersionEntry[] = [];
  if (request.max === 0) return { entries, next: undefined };
  for (const entry of walkVersions(keys, versionsOf, request)) {
    const last = entries.at(-1);
    if (last !== undefined && entries.length === request.max)
      return {
        entries,
        next:
          last.kind === 'prefix'
            ? { key: last.prefix, versionId: undefined }
            : { key: last.key, versionId: last.version.versionId },
      };
    entries.push(entry);
  }
  return { entries, next: undefined };
}

/**
 * Keys and groups in order. The keys that share the text up to the delimiter are one group, skipped with one binary
 * search, so a page costs by its entries, not by the keys it stands for.
 */
function* walk(
  keys: readonly string[],
  { prefix, delimiter, after }: ListRequest,
  isVisible: (key: string) => boolean,
): Generator<ListEntry> {
  let index = findIndex(keys, key => compareKeys(key, prefix) < 0 || compareKeys(key, after) <= 0);
  for (let key = keys[index]; key?.startsWith(prefix); key = keys[index]) {
    const group = groupOf(key, prefix, delimiter);
    const end = group === undefined ? index + 1 : findIndex(keys, each => each.startsWith(group), index);
    // A page that ended with this group told its name: the group is not begun again.
    const visible = group !== after && hasVisible(keys, index, end, isVisible);
    index = end;
    if (visible) yield group === undefined ? { kind: 'key', key } : { kind: 'prefix', prefix: group };
  }
}

function* walkVersions(
  keys: readonly string[],
  versionsOf: (key: string) => readonly Version[],
  request: ListRequest & { readonly afterVersion: string | undefined },
): Generator<VersionEntry> {
  const { after, afterVersion } = request;
  if (afterVersion !== undefined) {
    const versions = versionsOf(after);
    // Deleted since the last page: then all that are left of this key are listed, rather one twice than one never.
    const at = versions.findIndex(({ versionId }) => versionId === afterVersion);
    for (const [index, version] of versions.entries())
      if (index > at) yield { kind: 'version', key: after, version, isLatest: index === 0 };
  }
  for (const entry of walk(keys, request, () => true)) {
    if (entry.kind === 'prefix') yield entry;
    else
      for (const [index, version] of versionsOf(entry.key).entries())
        yield { kind: 'version', key: entry.key, version, isLatest: index === 0 };
  }
}

function hasVisible(
  keys: readonly string[],
  from: number,
  to: number,
  isVisible: (key: string) => boolean,
): boolean {
  for (let index = from; index < to; index += 1) if (isVisible(keys[index] as string)) return true;
  return false;
}

function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : key.slice(0, at + delimiter.length);
}

function nameOf(entry: ListEntry): string {
  return entry.kind === 'key' ? entry.key : entry.prefix;
}
