/** Pure: what stands in an ES bundle for a CommonJS module that it imports. */
import { importStatements, namesInBraces } from './statements.ts';

/** Names that each import statement of a module takes from a source; undefined when it takes all, or hands them on. */
export type ImportedNames = ReadonlyMap<string, readonly string[] | undefined>;

const bare = /\bimport\s*(['"])([^'"\n]+)\1/g;

/** Comments and texts that look like imports count too: a name too many is undefined and nobody reads it. */
export function importedNames(code: string): ImportedNames {
  const names = new Map<string, string[] | undefined>();
  const add = (source: string, more: string[] | undefined) => {
    const before = names.has(source) ? names.get(source) : [];
    names.set(source, more && before ? [...before, ...more] : undefined);
  };
  for (const [, , source = ''] of code.matchAll(bare)) add(source, []);
  for (const { keyword, clause, source } of importStatements(code)) {
    add(source, keyword === 'export' || clause.includes('*') ? undefined : namesInBraces(clause));
  }
  return names;
}

/** An ES module that loads a CommonJS one from the shared file when it runs, so in the order of the imports. */
export function doorText(shared: string, id: string, names: readonly string[]): string {
  return [
    `import shared from ${JSON.stringify(shared)};`,
    `const own = shared.load(${JSON.stringify(id)});`,
    'export default own;',
    ...exportsOf(names, 'own'),
  ].join('\n');
}

/** Statements that export these fields of an object under their names, which may be any text. */
export function exportsOf(names: readonly string[], object: string): string[] {
  return [...new Set(names)].map((name, index) => {
    const text = JSON.stringify(name);
    return `const own_${index} = ${object}[${text}];\nexport { own_${index} as ${text} };`;
  });
}
