/** Texts in memory: as they are while there is room, deflated after that. Source code takes a quarter of its room then. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Reads a text that is kept, in UTF-8, without a byte order mark. The bytes are shared: nobody may write to them. */
export type ReadText = () => Buffer;

export interface Texts {
  /** Bytes of memory. */
  readonly size: number;
  /** Keeps a copy. */
  add(text: Buffer): ReadText;
  /** Deflates what is there and what is added from now on. */
  deflate(): void;
}

/** Texts that are deflated together: each call of zlib costs a state and a stream, and texts that are alike share words. */
interface Block {
  bytes: Buffer;
  /** Bytes of texts. */
  used: number;
  isDeflated: boolean;
}

/** Larger texts are blocks of their own. Small enough that reading in another order is no disaster. */
const blockBytes = 64 * 1024;

/** Made to be read in the order of adding: of the deflated blocks, the one that was read last is at hand. */
export function createTexts(): Texts {
  const blocks: Block[] = [];
  let size = 0;
  let deflates = false;
  let last: { readonly of: Block; readonly bytes: Buffer } | undefined;

  function close(block: Block | undefined): void {
    if (block === undefined || block.isDeflated || !deflates) return;
    block.bytes = copyOf(deflateRawSync(block.bytes.subarray(0, block.used), { level: 1 }));
    block.isDeflated = true;
    size += block.bytes.length - block.used;
  }

  /** The last block, or a new one where it has no room. */
  function blockFor(text: Buffer): Block {
    const open = blocks.at(-1);
    if (open && !open.isDeflated && open.used + text.length <= open.bytes.length) return open;
    close(open);
    const bytes = Buffer.allocUnsafeSlow(Math.max(blockBytes, text.length));
    const block = { bytes, used: 0, isDeflated: false };
    blocks.push(block);
    return block;
  }

  function read(block: Block): Buffer {
    if (!block.isDeflated) return block.bytes;
    if (last?.of !== block) last = { of: block, bytes: inflate(block) };
    return last.bytes;
  }

  return {
    get size() {
      return size;
    },
    add(text) {
      const block = blockFor(text);
      const at = block.used;
      const { length } = text;
      text.copy(block.bytes, at);
      block.used += length;
      size += length;
      return () => withoutMark(read(block).subarray(at, at + length));
    },
    deflate() {
      if (deflates) return;
      deflates = true;
      for (const block of blocks) close(block);
    },
  };
}

/** In memory of its own: a slice would keep alive all that it is a slice of. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** In one piece, a byte larger than it need be: zlib makes a second one as soon as the first is full. */
function inflate({ bytes, used }: Block): Buffer {
  return inflateRawSync(bytes, { chunkSize: Math.max(64, used + 1) });
}

function withoutMark(bytes: Buffer): Buffer {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasMark ? bytes.subarray(3) : bytes;
}
