/** R6: makes unpacked artifacts importable, from everywhere, by every means Node has. Why so: docs/resolution.md. */
import * as fs from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { modulesPath } from '../artifact/layout.ts';
import { diskError } from './disk.ts';
import { HandlerError } from './errors.ts';
import type { HookState } from './hooks.ts';
import { installHooks } from './hooks.ts';

const state: HookState = { homes: new Map(), folders: [] };
let isInstalled = false;

/**
 * Makes the packages of these artifacts importable by `import`, `import()`, `require`, `require.resolve` and
 * `import.meta.resolve`, also in worker threads started from now on. Roots come in the order of the lock: a package
 * in two of them is taken from the first; the function package's own `node_modules` come before all.
 * Called again with a longer list, it knows that list; roots known before are kept.
 *
 * Throws `DEPS_RESOLVE` on a Node without resolution hooks, before 22.15 and 23.5.
 */
export function makeImportable(roots: readonly string[]): void {
  if (typeof module.registerHooks !== 'function') throw tooOld();
  const folders = [...new Set([...roots.map(root => path.join(root, modulesPath)), ...state.folders])];
  const homes = new Map<string, string>();
  for (const folder of folders) {
    // The parent that a bare specifier is resolved from: a file that need not exist, beside node_modules.
    const home = pathToFileURL(path.join(folder, '..', 'handler')).href;
    for (const name of packagesIn(folder)) if (!homes.has(name)) homes.set(name, home);
  }
  // Only now, when nothing can fail any more: the hook in place looks at this very state.
  state.folders.splice(0, Infinity, ...folders);
  state.homes.clear();
  for (const [name, home] of homes) state.homes.set(name, home);
  installHooks(state, isInstalled);
  isInstalled = true;
}

/** Names of the packages in a node_modules folder; scopes are folders of packages. */
function packagesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder).flatMap(name => {
      if (name.startsWith('.')) return [];
      if (!name.startsWith('@')) return [name];
      return fs.readdirSync(path.join(folder, name)).map(inner => `${name}/${inner}`);
    });
  } catch (error) {
    // An artifact without packages is odd, not wrong.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw diskError(error, { path: folder });
  }
}

function tooOld(): HandlerError {
  return new HandlerError(
    'DEPS_RESOLVE',
    `this Node cannot resolve from two places (expected 22.15 or later, found ${process.versions.node})`,
    { hint: 'use the runtime nodejs24.x or nodejs22.x as Lambda has it today' },
  );
}
