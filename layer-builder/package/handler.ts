/** Bundles the handler of this package into few modules, its few dependencies inlined. */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'rolldown';
import { quietBuiltins } from '../build/quiet-builtins.ts';
import { BuilderError } from '../errors.ts';
import { reasonOf } from '../read/bundle.ts';

const handler = new URL('../../handler/', import.meta.url);

/** One module of the bundled handler. */
export interface HandlerFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * The modules of the handler: `index.mjs`, and store, downloader and zip as a chunk of their own under `handler/`,
 * because a function that finds its layer never reads them. The program of the second thread is one file, which shares
 * none with them: what few large artifacts need makes no start read more. All must run before any artifact is resolved,
 * so nothing but Node's own modules may be imported by name; the app is imported by an address that is computed at run time.
 *
 * Throws `BUNDLE_FAILED`, which is a fault of this package's installation.
 */
export async function bundleHandler(): Promise<readonly HandlerFile[]> {
  return [
    ...(await bundleModules('index.ts', 'index.mjs')),
    ...(await bundleModules('second-thread.ts', 'handler/second-thread.cjs')),
  ];
}

/**
 * `entry`, a file in handler/, with all that it imports: as `path` and, where it imports something late, chunks beside it.
 * A `path` that ends in `.cjs` gives CommonJS.
 *
 * Throws `BUNDLE_FAILED`.
 */
export async function bundleModules(entry: string, path: string): Promise<readonly HandlerFile[]> {
  const { rolldown } = await import('rolldown');
  const unresolved: string[] = [];
  try {
    const bundle = await rolldown({
      input: fileURLToPath(new URL(entry, handler)),
      platform: 'node',
      logLevel: 'warn',
      plugins: [quietBuiltins(), builtinsAsObjects, programsAsModules],
      onLog(_level, log) {
        if (log.code === 'UNRESOLVED_IMPORT') unresolved.push(log.message);
      },
    });
    const { output } = await bundle.generate({
      format: path.endsWith('.cjs') ? 'cjs' : 'esm',
      entryFileNames: path,
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

const builtinImport =
  /^import (?!type\b)(?:(?:\* as )?(\w+))?(?:, )?(?:\{([^}]*)\})? from '(node:[\w/]+)';$/gm;

/**
 * Our own modules take Node's as objects. An `import` reads every export of theirs, so also the getters: that of
 * `node:fs` alone loads its promises and streams, and with them readline: 3 ms for an app that never asks for them.
 */
const builtinsAsObjects: Plugin = {
  name: 'builtins-as-objects',
  transform: {
    filter: { id: /[\\/](?:handler|artifact)[\\/][^?]*\.ts$/ },
    handler: code =>
      code.replace(builtinImport, (_, whole: string | undefined, names: string | undefined, id: string) => {
        const clauses = [whole, names && `{${names.replaceAll(' as ', ': ')}}`].filter(Boolean);
        return clauses.map(clause => `const ${clause} = process.getBuiltinModule('${id}');`).join(' ');
      }),
  },
};

/** The second thread's program lies beside the chunk that starts it; as CommonJS it takes 5 MB less, the loader of modules. */
const programsAsModules: Plugin = {
  name: 'programs-as-modules',
  transform: {
    filter: { id: /[\\/]handler[\\/]second\.ts$/ },
    handler: code => code.replace("'./second-thread.ts'", "'./second-thread.cjs'"),
  },
};
