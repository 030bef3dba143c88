/** Finds files as Node does under Lambda's flags: its own conditions without `module-sync`, no bundlers' main fields. */
import { isBuiltin } from 'node:module';
import { dirname, sep } from 'node:path';

/** How one module asks for another; packages may answer the two differently. */
export type Way = 'import' | 'require';

/**
 * Absolute path of what `source` means in the file `importer`; undefined for Node's own modules and what is not in the
 * install. Node would look on upwards, and so into the project's own node_modules, where anything may lie.
 */
export type Resolve = (source: string, importer: string, way: Way) => string | undefined;

/** `folder`: absolute, real path of the folder that holds the installed node_modules. */
export async function nodeResolver(folder: string): Promise<Resolve> {
  const { ResolverFactory } = await import('rolldown/experimental');
  const common = { mainFields: ['main'], symlinks: false };
  const byRequire = new ResolverFactory({
    ...common,
    conditionNames: ['node', 'node-addons', 'require'],
    extensions: ['.js', '.json', '.node'],
  });
  const byImport = new ResolverFactory({
    ...common,
    conditionNames: ['node', 'node-addons', 'import'],
    // `main` of a package may go without extension even for `import`; relative paths may not.
    extensions: ['.js', '.json', '.node'],
  });
  return (source, importer, way) => {
    if (isBuiltin(source)) return undefined;
    const resolver = way === 'import' ? byImport : byRequire;
    const { path } = resolver.sync(dirname(importer), source);
    return path?.startsWith(folder + sep) ? path : undefined;
  };
}
