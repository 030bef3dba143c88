/** How much of a stranger's archive is read, and what is said when it is more. */
import { HttpError } from '../http/errors.ts';

export interface ArchiveLimits {
  readonly downloadBytes: number;
  readonly unpackedBytes: number;
  readonly entries: number;
  /** Larger files are listed with their size; their content is not read. */
  readonly fileBytes: number;
  /** Bytes of memory for the texts that one request wants. */
  readonly textBytes: number;
  /** From this many bytes on, together with the archive where that is in memory, texts are kept packed. */
  readonly packFrom: number;
  /** Unpacked : downloaded, looked at once 16 MB are unpacked. deflate reaches 1,030 : 1, source code about 30 : 1. */
  readonly ratio: number;
  /** Milliseconds for the whole archive. */
  readonly deadline: number;
}

const mega = 1024 * 1024;

export const archiveLimits: ArchiveLimits = {
  downloadBytes: 50 * mega,
  unpackedBytes: 200 * mega,
  entries: 20_000,
  fileBytes: 5 * mega,
  textBytes: 48 * mega,
  packFrom: 12 * mega,
  ratio: 100,
  deadline: 20_000,
};

/** Nothing is judged by its ratio before this many bytes: a small repository may well be all blanks. */
export const ratioFrom = 16 * mega;

const advice = {
  downloadBytes: 'choose a smaller repository or ref; GitHub packs the whole tree',
  unpackedBytes: 'choose a smaller repository or ref; GitHub packs the whole tree',
  entries: 'choose a smaller repository or ref; GitHub packs the whole tree',
  textBytes:
    'narrow the request with filter_starts_with, filter_ends_with, include, exclude or max_file_size_bytes',
  ratio: 'it looks like a decompression bomb',
} as const;

/** 413 that says which limit and how to narrow the request. */
export function overLimit(limits: ArchiveLimits, name: keyof typeof advice): HttpError {
  return new HttpError(413, `The repository is over the limit ${name} (${limits[name]}): ${advice[name]}`);
}

/** 422: what no archive of GitHub contains. */
export function hostile(what: string): HttpError {
  return new HttpError(422, `The archive of the repository is refused: ${what}`);
}
