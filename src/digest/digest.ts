/** A snapshot and what is asked of it → the facts of a digest; `formats/` turn them into bytes. Pure. */
import type { RepositoryFile, Snapshot } from '../repository/snapshot.ts';
import { textOf } from '../repository/text.ts';
import { type DigestFilters, isCutOff, type SkipReason, whySkipped } from './filter.ts';
import { findLeaks, type Leak } from './leaks.ts';

export interface DigestRequest extends DigestFilters {
  readonly owner: string;
  readonly name: string;
  readonly ref: string;
  readonly max_content_length: number;
  readonly truncate_patterns: readonly string[];
  readonly hide_file_contents: boolean;
  readonly max_tokens: number;
}

export interface DigestFile {
  readonly path: string;
  readonly size: number;
  /** Estimated, of the text as it is shown. */
  readonly tokens: number;
  /** Reads the text as it is shown; not kept, because all texts together are large. */
  readonly text: () => string;
}

export interface Skipped {
  readonly path: string;
  readonly size: number;
  readonly reason: SkipReason;
}

export interface Digest {
  readonly request: DigestRequest;
  readonly commit: string;
  /** Files of the commit, links included. */
  readonly totalFiles: number;
  /** Sorted by path. */
  readonly files: readonly DigestFile[];
  readonly skipped: readonly Skipped[];
  readonly leaks: readonly Leak[];
}

/** Warnings in one digest; more say nothing new. */
const mostLeaks = 100;

/** Estimated tokens of a text: four characters each, which is close for English and for code. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4);
}

export function makeDigest(snapshot: Snapshot, request: DigestRequest): Digest {
  const files: DigestFile[] = [];
  const skipped: Skipped[] = [];
  const leaks: Leak[] = [];
  const sorted = snapshot.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const file of sorted) {
    const { path, size } = file;
    const reason = whySkipped(file, request);
    if (reason !== undefined) {
      skipped.push({ path, size, reason });
      continue;
    }
    const shown = textReader(file, request);
    const text = shown();
    files.push({ path, size, tokens: estimateTokens(text.length), text: shown });
    if (leaks.length < mostLeaks) leaks.push(...findLeaks(path, text, mostLeaks - leaks.length));
  }
  return { request, commit: snapshot.commit, totalFiles: snapshot.files.length, files, skipped, leaks };
}

function textReader({ path, text }: RepositoryFile, request: DigestRequest): () => string {
  const most = request.max_content_length;
  const isCut = most > 0 && isCutOff(path, request.truncate_patterns);
  return () => {
    const whole = text === undefined ? '' : textOf(text);
    if (!isCut || whole.length <= most) return whole;
    // Not between the two halves of one character.
    const end = /[\uD800-\uDBFF]/.test(whole[most - 1] ?? '') ? most - 1 : most;
    return `${whole.slice(0, end)}\n… cut off after ${end} of ${whole.length} characters\n`;
  };
}
