/**
 * Raw deflate without a new stream for every entry: one zlib state and one output window serve them all.
 *
 * `inflateRawSync` builds a stream object and an output buffer for each call. For thousands of small files that is
 * half of the time of inflating, and the buffers pile up until the garbage collector comes: 100 MB over the size of
 * the archive, measured on 10,000 files. The handle below is what node:zlib itself and npm's tar use, but it is not
 * documented; so it is tried once on known bytes, and where it behaves otherwise `inflateRawSync` does the work.
 * Either way the caller checks size and CRC-32 of every entry.
 */
import { createInflateRaw, inflateRawSync, constants as zlib } from 'node:zlib';

/** Receives the output in order. The bytes are only valid during the call. */
export type Take = (piece: Buffer) => void;

interface Handle {
  onerror: (message: string) => void;
  reset(): void;
  writeSync(
    flush: number,
    input: Buffer,
    inputAt: number,
    inputLength: number,
    output: Buffer,
    outputAt: number,
    outputLength: number,
  ): void;
}

interface Engine {
  readonly handle: Handle;
  /** What zlib left: bytes of output space, bytes of input. */
  readonly left: Uint32Array;
  readonly window: Buffer;
  failure: string | undefined;
}

/** Large enough that most files take one call and one write, small beside the 32 MB that unpacking may cost. */
const windowBytes = 1_048_576;

/**
 * Inflates `packed` and hands over at most `size` bytes. Answers what is wrong with the stream, or nothing: it is
 * broken, it is cut short, it would give more than `size` bytes, or it ends before `packed` does.
 * `take` must not inflate in its turn: there is one window.
 */
export type Inflate = (packed: Buffer, size: number, take: Take) => string | undefined;

export const inflate = makeInflate(createInflateRaw);

/** Opens the zlib state ahead of the first entry, 1 ms: while the archive is still on its way. */
export function openInflate(): void {
  inflate(Buffer.of(3, 0), 0, () => {});
}

/** Opens its zlib state at the first call; where the handle is not what we know, the public way takes over. */
export function makeInflate(create: () => unknown): Inflate {
  let engine: Engine | null | undefined;
  return (packed, size, take) => {
    if (engine === undefined) engine = openEngine(create);
    return engine === null ? inflateWhole(packed, size, take) : inflatePieces(engine, packed, size, take);
  };
}

/** The public way: the whole output in memory at once. */
function inflateWhole(packed: Buffer, size: number, take: Take): string | undefined {
  try {
    // One byte more than promised in the only chunk: a full chunk would make zlib allocate a second one.
    const { buffer, engine } = inflateRawSync(packed, {
      chunkSize: Math.max(zlib.Z_MIN_CHUNK, size + 1),
      maxOutputLength: Math.max(1, size),
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    const unused = packed.length - engine.bytesWritten;
    if (unused > 0) return `${unused} bytes after its end`;
    if (buffer.length > size) return moreThan(size);
    take(buffer);
    return undefined;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return moreThan(size);
    return cause instanceof Error ? cause.message : 'unknown failure';
  }
}

function inflatePieces(engine: Engine, packed: Buffer, size: number, take: Take): string | undefined {
  const { handle, left, window } = engine;
  handle.reset();
  engine.failure = undefined;
  let unread = packed.length;
  let given = 0;
  for (;;) {
    // One byte of space more than promised: that space is left tells the end of the stream from a full window.
    const space = Math.min(window.length, size - given + 1);
    handle.writeSync(zlib.Z_FINISH, packed, packed.length - unread, unread, window, 0, space);
    if (engine.failure !== undefined) return engine.failure;
    const piece = space - (left[0] ?? 0);
    unread = left[1] ?? 0;
    given += piece;
    if (given > size) return moreThan(size);
    if (piece > 0) take(window.subarray(0, piece));
    if (piece < space) return unread > 0 ? `${unread} bytes after its end` : undefined;
  }
}

function moreThan(size: number): string {
  return `more than ${size} bytes`;
}

function openEngine(create: () => unknown): Engine | null {
  try {
    const stream = create() as { _handle: Handle; _writeState: Uint32Array };
    const opened: Engine = {
      handle: stream._handle,
      left: stream._writeState,
      window: Buffer.allocUnsafeSlow(windowBytes),
      failure: undefined,
    };
    opened.handle.onerror = message => {
      opened.failure = message;
    };
    return behaves(opened) ? opened : null;
  } catch {
    return null;
  }
}

/** "aaaa", with and without its last byte, and with one too many. */
function behaves(opened: Engine): boolean {
  const packed = Buffer.from([0x4b, 0x4c, 0x4c, 0x4c, 0x04, 0x00, 0x00]);
  const read = (bytes: Buffer, size: number) => {
    let text = '';
    const fault = inflatePieces(opened, bytes, size, piece => {
      text += piece.toString('latin1');
    });
    return fault ?? text;
  };
  return (
    read(packed.subarray(0, 6), 4) === 'aaaa' &&
    read(packed.subarray(0, 5), 4) !== 'aaaa' &&
    read(packed, 4) === '1 bytes after its end' &&
    read(packed.subarray(0, 6), 3) === moreThan(3)
  );
}
