/** Finds workspaces for the bundler by what the lockfile says of them, where node_modules does not link them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';
import type { LockEntry } from './lockfile.ts';

/**
 * A project of Yarn's Plug'n'Play has no node_modules, and a fresh checkout has none yet. `find` answers the entry of a
 * package as seen from a module, and `folder` is that of the lockfile.
 */
export function linkedFolders(
  folder: string,
  packageOf: (specifier: string) => string | undefined,
  find: (name: string, importer: string | undefined) => LockEntry | undefined,
): Plugin {
  return {
    name: 'linked-folders',
    async resolveId(source, importer, { kind }) {
      const name = packageOf(source);
      const link = name === undefined ? undefined : find(name, importer);
      if (name === undefined || !link?.link) return null;
      const found = await this.resolve(source, importer, { kind, skipSelf: true });
      if (found) return found;
      const target = join(folder, link.resolved ?? '');
      // A package with exports may import itself by its name; of any other the path is enough.
      return hasExports(target)
        ? this.resolve(source, join(target, 'package.json'), { kind, skipSelf: true })
        : this.resolve(join(target, source.slice(name.length)), importer, { kind, skipSelf: true });
    },
  };
}

function hasExports(folder: string): boolean {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).exports !== undefined;
  } catch {
    return false;
  }
}
