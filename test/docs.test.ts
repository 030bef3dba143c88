/** Documents: every link of theirs leads somewhere. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('..', import.meta.url));
const link = /\]\((?!https?:|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g;

for (const file of globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort()) {
  test(`every link of ${file} leads to a file`, t => {
    const folder = path.dirname(path.join(root, file));
    const broken = [...readFileSync(path.join(root, file), 'utf8').matchAll(link)]
      .map(([, target = '']) => target)
      .filter(target => !existsSync(path.resolve(folder, target)));
    t.deepEqual(broken, []);
  });
}
