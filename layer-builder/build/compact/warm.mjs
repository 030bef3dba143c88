/**
 * Runs in a child process of the target's Node: loads packages with V8's compile cache switched on and writes the
 * cache down. Plain JavaScript: every target's Node runs it.
 *
 * argv: a JSON file { root, specifiers, late, directory }; late are files of modules that no start runs. The cache of a
 * script that every start runs is written beside it, with all functions that were called.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';

const { root, specifiers, late, directory } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const all = join(root, 'all.mjs');

// Portable: what counts is where a module lies as seen from the cache, so both may move together.
module.enableCompileCache({ directory, portable: true });

const scripts = new Map();
vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, options);
    if (options?.filename?.endsWith('-start.js')) scripts.set(options.filename, this);
  }
};
globalThis.keepScripts = () => {
  for (const [filename, script] of scripts) writeFileSync(`${filename}.cache`, script.createCachedData());
};
// One module imports all, and keeps what was compiled before any timer or answer of the system comes between: what has
// run by then must not depend on how fast the machine is.
const imports = specifiers.map(specifier => `import ${JSON.stringify(specifier)};`);
writeFileSync(all, `${imports.join('\n')}\nkeepScripts();\n`);
try {
  await import(pathToFileURL(all).href);
} catch {
  for (const specifier of specifiers) {
    try {
      await import(import.meta.resolve(specifier, pathToFileURL(all).href));
    } catch {
      // A package that does not load here has no cache; the proof has already reported it.
    }
  }
}
// Loading such a file runs none of its modules: what is kept is where each function begins and ends.
for (const file of late) module.createRequire(all)(file);
module.flushCompileCache();
process.exit(0);
