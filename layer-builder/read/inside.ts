/** Looks into a zip through ranges: its list of files, and the few small files that say what it is. */
import { Readable } from 'node:stream';
import unzipper from 'unzipper';
import { ownPath } from '../../artifact/layout.ts';
import { fail } from '../errors.ts';
import type { RangeSource } from './ranges.ts';

export interface InsideFile {
  readonly path: string;
  /** Bytes in the zip and unpacked. */
  readonly packed: number;
  readonly size: number;
}

export interface Inside {
  readonly files: readonly InsideFile[];
  /** Texts of the JSON files that layer-builder put in, by path; `deps.lock.json` of a function package too. */
  readonly own: ReadonlyMap<string, unknown>;
}

/** Bytes of one request: unzipper reads from an offset on and stops when it has enough. */
const block = 16_384;
/** A file that claims more is not one of ours. */
const largestText = 16_000_000;

/** Throws `NOT_FOUND` when it is no zip. */
export async function readInside(source: RangeSource): Promise<Inside> {
  const known = new Map<number, Promise<Buffer>>();
  const directory = await unzipper.Open.custom({
    size: async () => source.size,
    stream: offset => Readable.from(blocks(source, offset, known)),
  }).catch((cause: unknown) =>
    fail(
      'NOT_FOUND',
      `${source.name} is no zip (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause },
    ),
  );
  const files = directory.files.filter(file => file.type === 'File');
  const own = new Map<string, unknown>();
  for (const file of files) {
    const isOurs =
      file.path.startsWith(`${ownPath}/`) && /^[^/]+\.json$/.test(file.path.slice(ownPath.length + 1));
    if (!isOurs && file.path !== 'deps.lock.json') continue;
    own.set(file.path, await readJson(file));
  }
  return {
    files: files.map(file => ({ path: file.path, packed: file.compressedSize, size: file.uncompressedSize })),
    own,
  };
}

/** Bytes from an offset on, in aligned blocks that are fetched once. */
async function* blocks(source: RangeSource, from: number, known: Map<number, Promise<Buffer>>) {
  for (let start = from - (from % block); start < source.size; start += block) {
    const bytes = known.get(start) ?? source.read(start, block);
    known.set(start, bytes);
    yield (await bytes).subarray(Math.max(0, from - start));
  }
}

async function readJson(file: { stream(): Readable }): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of file.stream() as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestText) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
