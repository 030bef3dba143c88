/** Two peers of the build as processes of their own: `child.ts archiver MODULES ZIP`, `child.ts esbuild MODULES FILE APP EXTERNAL…`. */
import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [way, modules = '', out = '', app = '', ...external] = process.argv.slice(2);
if (way === 'archiver') {
  const { ZipArchive } = await import('archiver');
  const archive = new ZipArchive({ zlib: { level: 9 } });
  archive.directory(modules, 'node_modules');
  await Promise.all([pipeline(archive, createWriteStream(out)), archive.finalize()]);
} else {
  const { bundleApp } = await import('../cold-start/bundle.ts');
  await bundleApp({ contents: `export * from '${app}';`, resolveDir: dirname(app), modules, external, out });
}
