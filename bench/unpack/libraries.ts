/** The ways to unpack a zip in Node: ours and other people's, each as its own documentation shows it. */
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export type Library = 'ours' | 'unzipper' | 'yauzl' | 'fflate' | 'extract-zip';

/** Loads a library, which is not measured, and answers a function that unpacks. */
export async function loadLibrary(name: Library): Promise<(zip: string, into: string) => Promise<void>> {
  switch (name) {
    case 'ours': {
      const { unpack } = await import('../../handler/unpack.ts');
      return async (zip, into) => void unpack(readFileSync(zip), into);
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
