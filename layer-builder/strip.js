// Node strips types, but refuses to in `node_modules`, where this package lives once it is installed. There, and
// only for this package's own files, a load hook does the same with Node's own stripper.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

// The stripper announces once that it is experimental; nobody who runs a command needs to know.
const { emitWarning } = process;
process.emitWarning = () => {};
stripTypeScriptTypes('');
process.emitWarning = emitWarning;

const root = new URL('../', import.meta.url);

if (fileURLToPath(root).includes(`${sep}node_modules${sep}`)) {
  registerHooks({
    load(url, context, next) {
      const own = url.startsWith(root.href) && !url.slice(root.href.length).includes('node_modules/');
      if (!own || !url.endsWith('.ts')) return next(url, context);
      const source = stripTypeScriptTypes(readFileSync(new URL(url), 'utf8'));
      return { format: 'module', source, shortCircuit: true };
    },
  });
}
