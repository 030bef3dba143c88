/** A text in memory: its bytes, deflated where room is short. Source code takes a quarter of its room then. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

export interface KeptText {
  /** UTF-8, known to be valid. */
  readonly bytes: Buffer;
  /** Bytes before deflating; absent: `bytes` is the text itself. */
  readonly deflatedFrom?: number;
}

/** Level 1 and a small window: what it costs is felt, what it saves is enough. */
const options = { level: 1, memLevel: 8 } as const;

export function deflateText(text: KeptText): KeptText {
  if (text.deflatedFrom !== undefined) return text;
  return { bytes: deflateRawSync(text.bytes, options), deflatedFrom: text.bytes.length };
}

/** A byte order mark is not part of the text. */
export function readKeptText({ bytes: kept, deflatedFrom }: KeptText): string {
  const bytes =
    deflatedFrom === undefined ? kept : inflateRawSync(kept, { maxOutputLength: Math.max(1, deflatedFrom) });
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', hasMark ? 3 : 0);
}
