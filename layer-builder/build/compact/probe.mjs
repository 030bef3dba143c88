/**
 * Runs in a child process under Lambda's flags: loads what it is told from a folder of modules and writes down
 * where each name resolves to and what its exports look like. Plain JavaScript: every target's Node runs it.
 *
 * argv: a JSON file { root, specifiers, files, order } and the file to write the answer to.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [, , questionPath, answerPath] = process.argv;
const question = JSON.parse(readFileSync(questionPath, 'utf8'));
const parent = join(question.root, 'index.mjs');
const require = createRequire(parent);
const answer = { node: process.version, specifiers: {}, files: {}, times: {} };
const before = new Set(Object.getOwnPropertyNames(globalThis));

let inner = 0;
const load = module.prototype.load;
/** CommonJS modules load one inside the other: each is charged what its own takes. */
module.prototype.load = function (filename) {
  return timed(filename, () => load.call(this, filename));
};

for (const specifier of question.specifiers) {
  answer.specifiers[specifier] = {
    import: await attempt(async () => {
      const url = import.meta.resolve(specifier, pathToFileURL(parent).href);
      return { file: fileURLToPath(url), load: () => import(url) };
    }),
    require: await attempt(async () => ({
      file: require.resolve(specifier),
      load: () => require(specifier),
    })),
  };
}
for (const file of question.files) {
  answer.files[file] = await attempt(async () => ({ file, load: () => import(pathToFileURL(file).href) }));
}
answer.loaded = Object.keys(require.cache).sort();
answer.globals = Object.getOwnPropertyNames(globalThis)
  .filter(name => !before.has(name))
  .sort();
answer.listeners = process.eventNames().map(String).sort();
writeFileSync(answerPath, JSON.stringify(answer));
// A package may hold the process open with a timer or a socket of its own.
process.exit(0);

async function attempt(locate) {
  let file;
  try {
    const found = await locate();
    file = found.file;
    const start = performance.now();
    inner = 0;
    const value = await found.load();
    const ms = performance.now() - start;
    // What is left went into ES modules, and those of a package are loaded together.
    charge(file, ms - inner);
    return { file, ms, shape: shapeOf(value, 0) };
  } catch (error) {
    return { file, error: String(error?.code ?? error?.name ?? error) };
  }
}

function timed(filename, work) {
  const [outer, start] = [inner, performance.now()];
  inner = 0;
  try {
    return work();
  } finally {
    const ms = performance.now() - start;
    charge(filename, ms - inner);
    inner = outer + ms;
  }
}

function charge(filename, ms) {
  const path = relative(question.root, filename).replaceAll('\\', '/');
  const location = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
  if (location !== undefined) answer.times[location] = (answer.times[location] ?? 0) + ms;
}

/** What can be told of a value without calling anything: getters stay unread. */
function shapeOf(value, depth) {
  if (value === null) return 'null';
  if (typeof value === 'string') {
    // A path that a package makes of the place where it lies.
    const text = value.replaceAll(question.root, '<root>');
    return text.length > 200 ? `string of ${text.length}` : `string ${text}`;
  }
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' && typeof value !== 'function') return typeof value;
  const shape = { kind: kindOf(value) };
  if (typeof value === 'function') {
    shape.name = String(value.name);
    shape.length = value.length;
  }
  if (depth >= 3 || ArrayBuffer.isView(value)) return shape;
  const isNamespace = Object.prototype.toString.call(value) === '[object Module]';
  shape.keys = {};
  for (const key of Object.getOwnPropertyNames(value).sort()) {
    if (typeof value === 'function' && ['name', 'length', 'arguments', 'caller'].includes(key)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (isNamespace) shape.keys[key] = shapeOf(readable(value, key), depth + 1);
    else if ('value' in descriptor) shape.keys[key] = shapeOf(descriptor.value, depth + 1);
    else shape.keys[key] = 'accessor';
  }
  return shape;
}

/** An export in its temporal dead zone throws when it is read. */
function readable(namespace, key) {
  try {
    return namespace[key];
  } catch {
    return undefined;
  }
}

function kindOf(value) {
  if (typeof value === 'function') {
    return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
  }
  return Array.isArray(value) ? `list of ${value.length}` : 'object';
}
