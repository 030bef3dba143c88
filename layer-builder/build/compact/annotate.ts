/** Pure: tells Node which names a bundled CommonJS file exports. */

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
  return `${code.trimEnd()}\n0&&(${targets.join('')}0);\n`;
}
