/** The ways to unpack a zip in Node: ours and other people's, each as its own documentation shows it. */
import {
  closeSync,
  createWriteStream,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { coreMb, roomFor } from '../../handler/memory.ts';

export type Library = 'ours' | 'ours, one thread' | 'unzipper' | 'yauzl' | 'fflate' | 'extract-zip';

/**
 * Loads a library, which is not measured, and answers a function that unpacks a zip of `files` files. Ours is `bundle`, made
 * as for a function package.
 */
export async function loadLibrary(
  name: Library,
  files: number,
  bundle: string,
): Promise<(zip: string, into: string) => Promise<void>> {
  switch (name) {
    case 'ours':
    case 'ours, one thread': {
      const { unpack }: typeof import('../../handler/unpack.ts') = await import(bundle);
      const cores = name === 'ours' ? availableParallelism() : 1;
      return async (zip, into) => void unpack(readInto(zip, files, cores), into);
    }
    case 'unzipper': {
      const { Open } = await import('unzipper');
      return async (zip, into) => {
        const directory = await Open.file(zip);
        await directory.extract({ path: into, concurrency: 8 });
      };
    }
    case 'fflate': {
      const { unzipSync } = await import('fflate');
      return async (zip, into) => {
        for (const [path, content] of Object.entries(unzipSync(readFileSync(zip)))) {
          mkdirSync(join(into, dirname(path)), { recursive: true });
          writeFileSync(join(into, path), content);
        }
      };
    }
    case 'extract-zip': {
      const { default: extract } = await import('extract-zip');
      return async (zip, into) => extract(zip, { dir: into });
    }
    case 'yauzl': {
      const { openPromise } = await import('yauzl');
      return async (zip, into) => {
        const file = await openPromise(zip);
        for await (const entry of file.eachEntry()) {
          const path = join(into, entry.fileName);
          mkdirSync(dirname(path), { recursive: true });
          await pipeline(await file.openReadStreamPromise(entry), createWriteStream(path));
        }
      };
    }
  }
}

/** Into the memory that the loader would download to. */
function readInto(zip: string, files: number, cores: number): Buffer {
  const bytes = roomFor({ size: statSync(zip).size, files }, { memoryMb: cores * coreMb });
  const file = openSync(zip, 'r');
  readSync(file, bytes);
  closeSync(file);
  return bytes;
}
