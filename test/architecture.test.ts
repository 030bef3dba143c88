/** Guards the one direction in which the rooms may import each other (docs/architecture.md). */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));

const allowed: Readonly<Record<string, readonly string[]>> = {
  artifact: [],
  handler: ['artifact'],
  'layer-builder': ['artifact', 'handler', 'local-aws'],
  src: [],
  'local-aws': [],
};

/** Relative specifiers of static imports, re-exports and dynamic imports with a literal. */
const specifier = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

const rooms = Object.entries(allowed);

for (const [room, others] of rooms) {
  test(`${room} imports ${others.length === 0 ? 'nothing of ours' : `only ${others.join(' and ')}`}`, t => {
    const files = globSync(`${room}/**/*.{ts,js}`, { cwd: root, exclude: name => name === 'node_modules' });
    t.true(files.length > 0, `${room}/ holds no source file`);
    for (const file of files) {
      for (const [, target] of readFileSync(path.join(root, file), 'utf8').matchAll(specifier)) {
        const resolved = path.relative(root, path.resolve(root, path.dirname(file), target ?? ''));
        const [top = ''] = resolved.split(path.sep);
        // package.json belongs to no room: a version number may be read from it
        if (top === room || resolved === 'package.json') continue;
        t.true(others.includes(top), `${file} imports ${target}`);
      }
    }
  });
}

test('layer-builder loads local-aws only when a command runs that starts it', t => {
  const files = globSync('layer-builder/**/*.ts', { cwd: root });
  for (const file of files) {
    const text = readFileSync(path.join(root, file), 'utf8');
    if (!text.includes('local-aws/')) continue;
    t.notRegex(text, /^import (?!type)[^\n]*local-aws\//m, `${file} imports local-aws statically`);
  }
});
