/** Content encoding of a stream: chosen by its head, flushed with every write. */
import type { OutgoingHttpHeaders } from 'node:http';
import zlib from 'node:zlib';
import { chooseEncoding, compressFrom, encodedHeaders, isCompressible, varyOn } from './compress.ts';
import type { CanonicalRequest } from './request.ts';
import type { Encoding } from './settings.ts';

export type Packer = zlib.Gzip | zlib.BrotliCompress | zlib.ZstdCompress;

/** Server-sent events are read one by one and stay as they are; so does what says that it is short. */
export function negotiate(
  request: CanonicalRequest,
  status: number,
  headers: OutgoingHttpHeaders,
  offered: readonly Encoding[],
): { headers: OutgoingHttpHeaders; encoding: Encoding | undefined } {
  const length = headers['content-length'];
  const isShort = length !== undefined && Number(length) < compressFrom;
  const isEvents = String(headers['content-type'] ?? '').startsWith('text/event-stream');
  const isEmpty = request.method === 'HEAD' || status === 204 || status === 205 || status === 304;
  if (isShort || isEvents || isEmpty || offered.length === 0 || !isCompressible({ status, headers })) {
    return { headers, encoding: undefined };
  }
  const varied = { ...headers, vary: varyOn(headers['vary']) };
  const encoding = chooseEncoding(request.headers['accept-encoding'], offered);
  return encoding === undefined
    ? { headers: varied, encoding }
    : { headers: encodedHeaders(varied, encoding, undefined), encoding };
}

const { constants } = zlib;

/** Flushes after each write: what the app wrote is on its way, not in a buffer of 16 KB. */
export function createPacker(encoding: Encoding): Packer {
  switch (encoding) {
    case 'zstd':
      return zlib.createZstdCompress({ flush: constants.ZSTD_e_flush });
    case 'br':
      return zlib.createBrotliCompress({
        flush: constants.BROTLI_OPERATION_FLUSH,
        params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
      });
    case 'gzip':
      return zlib.createGzip({ flush: constants.Z_SYNC_FLUSH });
  }
}
