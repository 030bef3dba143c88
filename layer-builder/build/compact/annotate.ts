/** Pure: tells Node which names a bundled CommonJS file exports. */

/** Names told in one line. */
const most = 200;

/**
 * Node finds the names for `import { name } from 'commonjs'` by looking at the text (cjs-module-lexer), and sees
 * none in a bundle. This line never runs, but it has the shape that Node looks for.
 */
export function annotateNames(code: string, names: readonly string[]): string {
  const told = names.filter(name => name !== 'default' && name !== 'module.exports');
  if (told.length === 0) return code;
  const targets = told.map(name =>
    /^[A-Za-z_$][\w$]*$/.test(name) ? `exports.${name}=` : `exports[${JSON.stringify(name)}]=`,
  );
  // Each assignment lies inside the one before it: thousands in one line would be too deep for V8's parser.
  const lines = Array.from({ length: Math.ceil(targets.length / most) }, (_, index) => {
    return `0&&(${targets.slice(index * most, (index + 1) * most).join('')}0);`;
  });
  return `${code.trimEnd()}\n${lines.join('\n')}\n`;
}
