/** Our own loader as a command: bundled into one file, as the handler is in a function package. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Writes the bundle into the folder and gives the words that start it. */
export async function bundleOwnLoader(folder: string): Promise<readonly string[]> {
  const { rolldown } = await import('rolldown');
  const file = path.join(folder, 'loader.mjs');
  const build = await rolldown({
    input: fileURLToPath(new URL('loader.ts', import.meta.url)),
    platform: 'node',
    logLevel: 'silent',
    resolve: { mainFields: ['module', 'main'] },
  });
  await build.write({ file, format: 'esm', minify: true, codeSplitting: false });
  await build.close();
  return [process.execPath, file];
}
