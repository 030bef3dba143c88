/** Writes the bytes of one object to a file in large pieces, and syncs them before anyone may rely on them. */
import { open, rm } from 'node:fs/promises';

export interface BlobWriter {
  /** Resolves when the next piece may come: at most `batch` bytes wait in memory. */
  write(data: Buffer): Promise<void>;
  /** Writes what is left, syncs and closes. */ finish(): Promise<void>;
  /** Closes and deletes the file. */ discard(): Promise<void>;
}

/** One MiB: few system calls, little memory. */
const batch = 1024 * 1024;

/** Creates `file`, which must not exist. */
export async function openBlobWriter(file: string): Promise<BlobWriter> {
  const handle = await open(file, 'wx');
  let pieces: Buffer[] = [];
  let waiting = 0;
  const flush = async () => {
    const [only] = pieces;
    const data = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, waiting);
    pieces = [];
    waiting = 0;
    if (data.length > 0) await handle.writeFile(data);
  };
  return {
    write: async data => {
      pieces.push(data);
      waiting += data.length;
      if (waiting >= batch) await flush();
    },
    finish: async () => {
      await flush();
      await handle.sync();
      await handle.close();
    },
    discard: async () => {
      await handle.close();
      await rm(file, { force: true });
    },
  };
}

/** Runs `fill` with a writer on `file`; on failure nothing is left behind and the error is passed on. */
export async function writeBlob<T>(file: string, fill: (writer: BlobWriter) => Promise<T>): Promise<T> {
  const writer = await openBlobWriter(file);
  try {
    const result = await fill(writer);
    await writer.finish();
    return result;
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
