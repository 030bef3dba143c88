/** Pure: the import and export statements of an ES module, found without parsing it. */

export interface ImportStatement {
  readonly keyword: string;
  /** What stands between keyword and `from`, without comments. */
  readonly clause: string;
  readonly source: string;
}

/** Each way to read a comment is the only one, so that a long text without `from` is given up at once. */
const comment = String.raw`\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*\n`;
const statement = new RegExp(
  String.raw`\b(import|export)\b((?:[^'"\`;()/]|${comment})*?)\bfrom(?:\s|${comment})*(['"])([^'"\n]+)\3`,
  'g',
);
const comments = new RegExp(comment, 'g');

/** Comments and texts that look like statements count too. */
export function importStatements(code: string): ImportStatement[] {
  return [...code.matchAll(statement)].map(([, keyword = '', clause = '', , source = '']) => ({
    keyword,
    clause: clause.replaceAll(comments, ' '),
    source,
  }));
}

/** Names in the braces of a clause as the other module calls them. */
export function namesInBraces(clause: string): string[] {
  const inner = /\{([^}]*)\}/.exec(clause)?.[1] ?? '';
  return inner
    .split(',')
    .map(item => item.trim().split(/\s+/)[0] ?? '')
    .filter(name => /^[\w$\u0080-\uffff]+$/.test(name) && name !== 'default');
}
