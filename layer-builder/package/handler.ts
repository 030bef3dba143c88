/** Bundles the handler of this package into one module, its few dependencies inlined. */
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { BuilderError } from '../errors.ts';

const entry = fileURLToPath(new URL('../../handler/index.ts', import.meta.url));

/**
 * The text of `index.mjs`. It must run before any artifact is resolved, so nothing but Node's own modules may
 * be imported by name; the app is imported by an address that it computes at run time.
 *
 * Throws `BUNDLE_FAILED`, which is a fault of this package's installation.
 */
export async function bundleHandler(): Promise<Buffer> {
  const { rolldown } = await import('rolldown');
  const unresolved: string[] = [];
  try {
    const bundle = await rolldown({
      input: entry,
      platform: 'node',
      logLevel: 'warn',
      external: id => isBuiltin(id),
      onLog(_level, log) {
        if (log.code === 'UNRESOLVED_IMPORT') unresolved.push(log.message);
      },
    });
    const { output } = await bundle.generate({
      format: 'esm',
      entryFileNames: 'index.mjs',
      codeSplitting: false,
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
    });
    await bundle.close();
    if (unresolved.length > 0) throw new Error(unresolved.join('; '));
    return Buffer.from(output[0].code);
  } catch (cause) {
    throw new BuilderError(
      'BUNDLE_FAILED',
      `the handler cannot be bundled: ${cause instanceof Error ? cause.message : String(cause)}`,
      { hint: 'install layer-builder anew: a part of it is missing', cause },
    );
  }
}
