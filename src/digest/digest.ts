/** A snapshot and what is asked of it → the facts of a digest; `formats/` turn them into bytes. Pure. */
import type { Leak, NoText, RepositoryFile, Snapshot } from '../repository/snapshot.ts';
import type { Hands } from '../repository/texts.ts';
import { type DigestFilters, type IsWanted, parseCutOff } from './filter.ts';
import { factsOf, mostLeaks } from './look.ts';

export interface DigestRequest extends DigestFilters {
  readonly owner: string;
  readonly name: string;
  readonly ref: string;
  readonly max_file_size_bytes: number;
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
  /** Reads the text as it is shown, in UTF-8: good until the next is read, because all texts together are large. */
  readonly text: () => Buffer;
}

/** `over budget`: there was no room for it in `max_tokens`. */
export type SkipReason = 'filtered' | 'over budget' | NoText;

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
  readonly leaks: readonly LeakAt[];
}

export interface LeakAt extends Leak {
  readonly path: string;
}

/** Estimated tokens of a text: four characters each, which is close for English and for code. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / 4);
}

/** `isWanted`: the filters of the request, read. */
export function makeDigest(snapshot: Snapshot, request: DigestRequest, isWanted: IsWanted): Digest {
  const isCutOff = parseCutOff(request.truncate_patterns);
  const files: DigestFile[] = [];
  const skipped: Skipped[] = [];
  const leaks: LeakAt[] = [];
  const hands = {};
  const sorted = snapshot.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const file of sorted) {
    const { path, size } = file;
    const reason = isWanted(path) ? whyLeftOut(file, request) : 'filtered';
    if (reason !== undefined) {
      skipped.push({ path, size, reason });
      continue;
    }
    const most = isCutOff(path) ? request.max_content_length : 0;
    const shown = textReader(file, most, hands);
    // What is cut off shows less, and other characters.
    const facts = (most === 0 ? file.facts : undefined) ?? factsOf(shown());
    files.push({ path, size, tokens: estimateTokens(facts.characters), text: shown });
    for (const leak of facts.leaks) if (leaks.length < mostLeaks) leaks.push({ path, ...leak });
  }
  return { request, commit: snapshot.commit, totalFiles: snapshot.files.length, files, skipped, leaks };
}

function whyLeftOut(
  file: RepositoryFile,
  { max_file_size_bytes: most }: DigestRequest,
): SkipReason | undefined {
  return most > 0 && file.size > most ? 'too large' : file.noText;
}

/** `most` characters of the text; 0: all of it. */
function textReader({ text }: RepositoryFile, most: number, hands: Hands): () => Buffer {
  return () => {
    const bytes = text === undefined ? Buffer.alloc(0) : text(hands);
    if (most === 0 || bytes.length <= most) return bytes;
    const whole = bytes.toString();
    if (whole.length <= most) return bytes;
    // Not between the two halves of one character.
    const end = /[\uD800-\uDBFF]/.test(whole[most - 1] ?? '') ? most - 1 : most;
    return Buffer.from(`${whole.slice(0, end)}\n… cut off after ${end} of ${whole.length} characters\n`);
  };
}
