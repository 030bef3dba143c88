/** `import()` in what is no module. */
import { parseAst } from 'rolldown/parseAst';
import { isSyntaxNode } from './scope.ts';

/** What the script knows the shared file's `import` as: as long as the word itself, so all else keeps its column. */
export const importName = '$bring';

/**
 * A module's function with each `import()` done by `$bring`, a parameter of the script that it is to lie in. In a script that
 * V8 has a cache of, Node calls its own an experiment, in a warning at the first use, which would stand in every function's log.
 */
export function importElsewhere(code: string): string {
  if (!/\bimport\s*\(/.test(code) || code.includes(`${importName}(`)) return code;
  const starts: number[] = [];
  const find = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isSyntaxNode(value) && value.type === 'ImportExpression') starts.push(Number(value['start']) - 1);
    for (const child of Object.values(value)) find(child);
  };
  find(parseAst(`(${code})`, { lang: 'js', sourceType: 'script' }));
  let [done, at] = ['', 0];
  for (const start of starts.sort((a, b) => a - b)) {
    done += code.slice(at, start) + importName;
    at = start + importName.length;
  }
  return done + code.slice(at);
}
