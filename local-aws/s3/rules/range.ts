/** The Range header over an object of known size: pure. RFC 9110, 14.2; S3 knows one range of bytes. */
import { S3Error } from '../errors.ts';

export interface ByteRange {
  /** First byte, counted from 0. */ readonly start: number;
  /** Last byte, included. */ readonly end: number;
}

/**
 * Resolves a Range header against `size` bytes. Returns `undefined` for the whole object: no header, several ranges,
 * another unit, or a form that does not parse, all of which S3 ignores. Throws `InvalidRange` (416).
 */
export function resolveRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    if (length === 0) throw unsatisfiable(header, size);
    return { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) throw unsatisfiable(header, size);
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/** Reads `x-amz-copy-source-range`, which must be `bytes=first-last` inside the source. Throws `InvalidArgument`. */
export function resolveCopyRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  const range = { start: Number(first), end: Number(last) };
  if (first === undefined || range.end < range.start)
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last.',
    );
  if (range.end >= size)
    throw new S3Error('InvalidArgument', `Range specified is not valid for source object of size: ${size}`);
  return range;
}

function unsatisfiable(header: string | undefined, size: number): S3Error {
  return new S3Error('InvalidRange', undefined, {
    elements: { RangeRequested: header ?? '', ActualObjectSize: String(size) },
    headers: { 'content-range': `bytes */${size}` },
  });
}
