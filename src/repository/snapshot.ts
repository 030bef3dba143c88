/** A commit's files in memory: an archive is streamed once, within limits, and never touches a disk. */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { passedBy } from '../garbage.ts';
import { HttpError } from '../http/errors.ts';
import type { Archive } from '../upstream/github.ts';
import { createByteReader } from './bytes.ts';
import { type ArchiveLimits, hostile, overLimit, ratioFrom } from './limits.ts';
import { createTreeCheck } from './paths.ts';
import { release } from './release.ts';
import { type ReadContent, readTar, type TakeEntry } from './tar.ts';
import { createTexts, type ReadText } from './texts.ts';
import type { LoadReadZip } from './zip.ts';

/** Why a file has no text. */
export type NoText = 'binary' | 'not UTF-8' | 'too large' | 'link';

export interface RepositoryFile {
  readonly path: string;
  readonly size: number;
  readonly noText?: NoText;
  /** Absent when there is no text, or when it was not wanted and room was needed. */
  readonly text?: ReadText;
  /** Seen while it was read, where the reader asked for that. */
  readonly facts?: TextFacts;
}

/** What a digest says of a text. */
export interface TextFacts {
  readonly characters: number;
  readonly leaks: readonly Leak[];
}

/** A place that looks like a secret. */
export interface Leak {
  /** From 1. */
  readonly line: number;
  readonly kind: string;
}

/** Looks at a text that passes by; undefined where it does not want to. */
export type Look = (text: Buffer) => TextFacts | undefined;

export interface Snapshot {
  readonly commit: string;
  /** In the order of the archive, which is git's own. */
  readonly files: readonly RepositoryFile[];
  /** True when no text was left out for want of room, so that every later request can be served from it. */
  readonly complete: boolean;
  /** Bytes of memory, roughly. */
  readonly weight: number;
}

type Draft = { -readonly [K in keyof RepositoryFile]: RepositoryFile[K] };

/**
 * Reads an archive. Texts are kept while there is room for them; when it runs out, those that are not wanted go, and
 * the others are packed. `look` is shown the wanted ones while they are at hand.
 *
 * Throws `HttpError` 413 over a limit, 422 for a hostile archive, 502 or 504 when the download fails.
 */
export async function readSnapshot(
  archive: Archive,
  commit: string,
  wanted: (path: string) => boolean,
  limits: ArchiveLimits,
  {
    loadReadZip,
    look,
  }: { readonly loadReadZip?: LoadReadZip | undefined; readonly look?: Look | undefined } = {},
): Promise<Snapshot> {
  const files: Draft[] = [];
  const check = createTreeCheck();
  let texts = createTexts();
  let entries = 0;
  let complete = true;
  /** Bytes of the archive in memory. */
  let held = 0;
  // Every file is read to the same place, and only what is kept is copied: garbage outside V8's heap goes late.
  const scratch = Buffer.allocUnsafeSlow(limits.fileBytes);

  function isTight(): boolean {
    return held + texts.size > limits.packFrom;
  }

  function makeRoom(): void {
    complete = false;
    const before = files.filter(({ text }) => text);
    if (!before.every(({ path }) => wanted(path))) {
      texts = createTexts();
      for (const file of before) {
        if (file.text && wanted(file.path)) file.text = texts.add(file.text({}));
        else delete file.text;
      }
    }
    if (isTight()) texts.pack();
  }

  const take: TakeEntry = async (entry, content) => {
    entries += 1;
    if (entries > limits.entries) throw overLimit(limits, 'entries');
    const path = check(entry);
    if (path === undefined || entry.kind === 'folder') return;
    const file: Draft = { path, size: entry.kind === 'link' ? 0 : entry.size };
    files.push(file);
    if (entry.kind === 'link') file.noText = 'link';
    else if (entry.size > limits.fileBytes) file.noText = 'too large';
    // Nobody will ask for its text, not even whether it has one.
    else if (!complete && !wanted(path)) return;
    else {
      const found = await readFileText(scratch, entry.size, content);
      if (typeof found === 'string') file.noText = found;
      else {
        const facts = look && wanted(path) ? look(found) : undefined;
        if (facts) file.facts = facts;
        file.text = texts.add(found);
        if (isTight()) {
          if (complete) makeRoom();
          else texts.pack();
        }
        if (texts.size > limits.textBytes) throw overLimit(limits, 'textBytes');
      }
    }
  };

  try {
    if (archive.kind === 'tar') await readTar(createByteReader(unpacked(archive, limits)), take);
    else {
      if (loadReadZip === undefined) throw new HttpError(502, 'GitHub sent a zip');
      const [{ walkZip }, read] = await Promise.all([import('./zip.ts'), loadReadZip()]);
      const zip = await downloaded(archive, limits);
      held = zip.length;
      await walkZip(read, zip, limits, take);
      release(zip, limits.downloadBytes);
    }
  } catch (error) {
    archive.body.destroy();
    throw explain(error, archive);
  }
  return { commit, files, complete, weight: texts.size + files.length * 300 };
}

/** Memory that zlib fills before it takes other: more than Node's pool has, so that it is never a part of that. */
const gunzipBytes = 128 * 1024;

/** The archive's bytes after gunzip, counted on both sides. */
async function* unpacked({ body }: Archive, limits: ArchiveLimits): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: gunzipBytes });
  let downloaded = 0;
  void feed(gunzip, body, more => {
    downloaded += more;
    if (downloaded > limits.downloadBytes) throw overLimit(limits, 'downloadBytes');
  });
  let size = 0;
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limits.unpackedBytes) throw overLimit(limits, 'unpackedBytes');
    if (size > ratioFrom && size > downloaded * limits.ratio) throw overLimit(limits, 'ratio');
    yield chunk;
    // zlib fills a piece of memory with several chunks; the last of them has been read after all others.
    if (chunk.byteOffset + chunk.length === gunzipBytes) release(chunk, gunzipBytes);
  }
}

/** Hands the download on, a piece at a time: zlib has read it when its write is done. Never rejects. */
async function feed(gunzip: Gunzip, body: Readable, count: (bytes: number) => void): Promise<void> {
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      count(chunk.length);
      await new Promise<void>((resolve, reject) =>
        gunzip.write(chunk, error => (error ? reject(error) : resolve())),
      );
      passedBy(chunk.length);
      release(chunk, chunk.length);
    }
    gunzip.end();
  } catch (error) {
    gunzip.destroy(error as Error);
  }
}

/** The whole archive. The room for the largest one is only reserved: pages that are never written take no memory. */
async function downloaded({ body }: Archive, limits: ArchiveLimits): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(limits.downloadBytes);
  let size = 0;
  for await (const chunk of body) {
    if (size + (chunk as Buffer).length > bytes.length) throw overLimit(limits, 'downloadBytes');
    size += (chunk as Buffer).copy(bytes, size);
    passedBy((chunk as Buffer).length);
    release(chunk as Buffer, (chunk as Buffer).length);
  }
  return bytes.subarray(0, size);
}

/**
 * The bytes of a text, or why there is none. git's own rule: a NUL in the first 8,000 bytes makes a file binary. Most
 * bytes of a repository are in such files, and no more of them is ever in memory.
 */
async function readFileText(scratch: Buffer, size: number, content: ReadContent): Promise<Buffer | NoText> {
  const start = await content(scratch, 0, 8000);
  if (scratch.subarray(0, start).includes(0)) return 'binary';
  await content(scratch, start, size - start);
  const bytes = scratch.subarray(0, size);
  return isUtf8(bytes) ? withoutMark(bytes) : 'not UTF-8';
}

/** A byte order mark is no part of the text. */
function withoutMark(bytes: Buffer): Buffer {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasMark ? bytes.subarray(3) : bytes;
}

/** What zlib cannot read is an archive cut short or no archive at all. */
function explain(error: unknown, archive: Archive): HttpError {
  if (error instanceof HttpError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR') return new HttpError(502, 'GitHub broke off the archive', { cause: error });
  if (typeof code === 'string' && code.startsWith('Z_')) return hostile('it is no gzip stream');
  return archive.explain(error);
}
