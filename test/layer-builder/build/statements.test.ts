/** Import statements are found with comments anywhere in them. */
import test from 'ava';
import { importStatements, namesInBraces } from '../../../layer-builder/build/compact/statements.ts';

const found = test.macro({
  exec(t, code: string, expected: readonly (readonly [string, readonly string[] | undefined])[]) {
    const statements = importStatements(code);
    t.deepEqual(
      statements.map(({ source, clause }) => [source, namesInBraces(clause)]),
      expected.map(([source, names]) => [source, names && [...names]]),
    );
  },
  title: (_, code) => `the statements of ${JSON.stringify(code)}`,
});

test(found, `import { a, b as c } from 'x'; export { d } from "y";`, [
  ['x', ['a', 'b']],
  ['y', ['d']],
]);
test(found, `import {\n  // reads (sync); 'often'\n  a, // and /* this\n  b,\n} from 'x';`, [
  ['x', ['a', 'b']],
]);
test(found, `import { a /* , c */, /* b( */ d } from /* here */ 'x';`, [['x', ['a', 'd']]]);
test(found, `/* import */ import f, { é } from 'x';`, [['x', ['é']]]);
test(found, `import 'x'; const a = b / c; import{a}from'y'`, [['y', ['a']]]);

test(found, String.raw`import { 'a-b' as c, "// d, }" as e, 'f\x2dg' as h, "default" as i } from 'x'`, [
  ['x', ['a-b', '// d, }', 'f-g']],
]);
test(found, `import { type, type as b, type C, type D as E } from 'x';`, [['x', ['type', 'type']]]);
test(found, String.raw`import { \u0061 } from 'x';`, [['x', undefined]]);
test(found, `import 'x'; const a = { b: 'c' }\nimport {d} from 'y'`, [['y', ['d']]]);

test('a long text that looks like the beginning of a statement is given up at once', t => {
  t.deepEqual(importStatements(`import ${'/* a */ // b\n'.repeat(20_000)}`), []);
});
