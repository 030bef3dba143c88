/**
 * Runs in a child process of the target's Node: loads packages with V8's compile cache switched on and writes the
 * cache down. Plain JavaScript: every target's Node runs it.
 *
 * argv: a JSON file { root, specifiers, late, directory }; late are files of modules that no start runs.
 */
import { readFileSync } from 'node:fs';
import * as module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { root, specifiers, late, directory } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const parent = join(root, 'index.mjs');

// Portable: what counts is where a module lies as seen from the cache, so both may move together.
module.enableCompileCache({ directory, portable: true });
for (const specifier of specifiers) {
  try {
    await import(import.meta.resolve(specifier, pathToFileURL(parent).href));
  } catch {
    // A package that does not load here has no cache; the proof has already reported it.
  }
}
// Loading such a file runs none of its modules: what is kept is where each function begins and ends.
for (const file of late) module.createRequire(parent)(file);
module.flushCompileCache();
process.exit(0);
