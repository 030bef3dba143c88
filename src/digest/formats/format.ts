/** What a format of the digest is: a head, one part per file, an end. */
import type { Digest, DigestFile } from '../digest.ts';

export interface Format {
  readonly type: string;
  /** Everything before the files. */
  head(digest: Digest): string;
  /** In parts, so that a large text is not copied to stand between its marks. */
  file(digest: Digest, file: DigestFile, index: number): readonly (string | Buffer)[];
  end(digest: Digest): string;
}

/** Left-out files that are listed one by one; the rest is counted. */
export const mostListed = 200;

/** Counts for the head. */
export function totalsOf({ files, skipped, totalFiles }: Digest) {
  const sum = (value: (file: DigestFile) => number) => files.reduce((total, file) => total + value(file), 0);
  return {
    total_files: totalFiles,
    files: files.length,
    bytes: sum(file => file.size),
    tokens: sum(file => file.tokens),
    skipped: skipped.length,
  };
}

/** The filters that say something, by name: empty texts, empty lists and zeros are left out. */
export function filtersOf({ request }: Digest): Record<string, unknown> {
  const { owner, name, ref, ...filters } = request;
  return Object.fromEntries(
    Object.entries(filters).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value))),
  );
}
