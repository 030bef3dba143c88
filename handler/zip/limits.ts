/** How much an archive may claim before a byte of it is written. */
import { zipFault } from './fault.ts';

export interface ArchiveLimits {
  /** Files and folders, those too that are only known from the paths below them. */ readonly maxEntries: number;
  /** Bytes of all files after unpacking. */ readonly maxTotalBytes: number;
  /** Bytes of one file after unpacking. */ readonly maxEntryBytes: number;
  /** Bytes out for one byte in; looked at above `ratioFloor` only, because small files compress well honestly. */
  readonly maxRatio: number;
}

/** Bytes below which no ratio is too good: at most this much is written for nothing. */
export const ratioFloor = 1_048_576;

/**
 * Lambda takes 262,144,000 bytes unzipped for a function and its layers, so no artifact is larger.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const defaultLimits: ArchiveLimits = {
  maxEntries: 60_000,
  maxTotalBytes: 262_144_000,
  maxEntryBytes: 262_144_000,
  maxRatio: 200,
};

/** Adds up sizes as entries are read; throws `ZIP_LIMIT` at the first claim beyond the limits. */
export function sizeMeter(limits: ArchiveLimits, zipBytes: number): (size: number, packed: number) => void {
  let total = 0;
  return (size, packed) => {
    if (size > limits.maxEntryBytes) throw tooLarge('one file', limits.maxEntryBytes, size);
    total += size;
    if (total > limits.maxTotalBytes) throw tooLarge('all files', limits.maxTotalBytes, total);
    checkRatio('one file', size, packed, limits.maxRatio);
    checkRatio('all files', total, zipBytes, limits.maxRatio);
  };
}

function checkRatio(what: string, size: number, packed: number, maxRatio: number): void {
  if (size <= ratioFloor || size <= packed * maxRatio) return;
  throw zipFault(
    'ZIP_LIMIT',
    `compression of ${what} is beyond belief`,
    `at most ${maxRatio} bytes out for one in`,
    `${size} bytes from ${packed}`,
  );
}

function tooLarge(what: string, limit: number, found: number): Error {
  return zipFault('ZIP_LIMIT', `${what} would be too large`, `at most ${limit} bytes`, `${found} bytes`);
}
