/** Every row of the fault list has a test: each title that serves a row begins with its name. Every code is explained. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

/** The loader's part of the list: the object store, the disk and the process, archives. */
const sections = { A: 26, B: 23, C: 19 } as const;

const tests = fileURLToPath(new URL('../..', import.meta.url));
const sources = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts') && file !== path.join('handler', 'coverage', 'rows.test.ts'))
  .map(file => readFileSync(path.join(tests, file), 'utf8'));
/** A title that begins with the row, or a row of a table that the title is made of. */
const named = new Set(
  sources.flatMap(source => [...source.matchAll(/['`"]([ABC]\d{1,2})(?=[ ,:'`"])/g)].map(([, row]) => row)),
);

for (const [section, count] of Object.entries(sections)) {
  const rows = Array.from({ length: count }, (_, index) => `${section}${index + 1}`);
  test(`each of the rows ${section}1 to ${section}${count} has a test under its name`, t => {
    t.deepEqual(
      rows.filter(row => !named.has(row)),
      [],
    );
  });
}

test('every code of the handler is explained in its documents', t => {
  const read = (file: string) => readFileSync(path.join(tests, '..', file), 'utf8');
  const codes = [...read('handler/errors.ts').matchAll(/'((?:LOCK|DEPS|ZIP)_[A-Z_]+)'/g)].map(
    ([, code]) => code,
  );
  const explained = read('docs/resolution.md') + read('docs/security.md');
  t.true(codes.length > 30);
  t.deepEqual(
    codes.filter(code => !explained.includes(`\`${code}\``)),
    [],
  );
});
