/** Bundles the handler of this package into few modules, its few dependencies inlined. */
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isLoud, quietBuiltins } from '../build/quiet-builtins.ts';
import { BuilderError } from '../errors.ts';
import { reasonOf } from '../read/bundle.ts';

const entry = fileURLToPath(new URL('../../handler/index.ts', import.meta.url));

/** One module of the bundled handler. */
export interface HandlerFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * The modules of the handler: `index.mjs`, and the downloader as a chunk of its own under `handler/`, because a
 * function that finds its layer never reads it. They must run before any artifact is resolved, so nothing but
 * Node's own modules may be imported by name; the app is imported by an address that is computed at run time.
 *
 * Throws `BUNDLE_FAILED`, which is a fault of this package's installation.
 */
export async function bundleHandler(): Promise<readonly HandlerFile[]> {
  const { rolldown } = await import('rolldown');
  const unresolved: string[] = [];
  try {
    const bundle = await rolldown({
      input: entry,
      platform: 'node',
      logLevel: 'warn',
      external: id => isBuiltin(id) && !isLoud(id),
      plugins: [quietBuiltins()],
      // AWS's signer as ES modules can be shaken: 34 kB instead of 220
      resolve: { mainFields: ['module', 'main'] },
      onLog(_level, log) {
        if (log.code === 'UNRESOLVED_IMPORT') unresolved.push(log.message);
      },
    });
    const { output } = await bundle.generate({
      format: 'esm',
      entryFileNames: 'index.mjs',
      chunkFileNames: 'handler/[name]-[hash].mjs',
      minify: true,
    });
    await bundle.close();
    if (unresolved.length > 0) throw new Error(unresolved.join('; '));
    return output.flatMap(file =>
      file.type === 'chunk' ? [{ path: file.fileName, bytes: Buffer.from(file.code) }] : [],
    );
  } catch (cause) {
    throw new BuilderError('BUNDLE_FAILED', `the handler cannot be bundled: ${reasonOf(cause)}`, {
      hint: 'install layer-builder anew: a part of it is missing',
      cause,
    });
  }
}
