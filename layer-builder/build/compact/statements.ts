/** Pure: the import and export statements of an ES module, found without parsing it. */
import { textOf } from './texts.ts';

export interface ImportStatement {
  readonly keyword: string;
  /** What stands between keyword and `from`, without comments. */
  readonly clause: string;
  readonly source: string;
}

/** Each way to read a comment is the only one, so that a long text without `from` is given up at once. */
const comment = String.raw`\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*\n`;
const text = String.raw`'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"`;
const statement = new RegExp(
  // A text stands in braces alone: `{ 'a-b' as c }`.
  String.raw`\b(import|export)\b((?:[^'"\`;()/{}]|${comment}|\{(?:[^'"\`;()/{}]|${comment}|${text})*\})*?)\bfrom(?:\s|${comment})*(['"])([^'"\n]+)\3`,
  'g',
);
const comments = new RegExp(`(${text})|${comment}`, 'g');

/** Comments and texts that look like statements count too. */
export function importStatements(code: string): ImportStatement[] {
  return [...code.matchAll(statement)].map(([, keyword = '', clause = '', , source = '']) => ({
    keyword,
    clause: clause.replaceAll(comments, (_, whole) => whole ?? ' '),
    source,
  }));
}

const item = new RegExp(String.raw`\s*(${text}|[\w$\u0080-\uffff]+)(\s+as\s[^,]*|\s+[^,]*)?\s*(?:,|$)`, 'gy');

/**
 * Names in the braces of a clause as the other module calls them, without types (`type Stats`); undefined where one is
 * written in a way that is not understood.
 */
export function namesInBraces(clause: string): string[] | undefined {
  const inner = /\{(.*)\}/s.exec(clause)?.[1]?.trim() ?? '';
  const items = [...inner.matchAll(item)];
  if (items.reduce((sum, [whole]) => sum + whole.length, 0) !== inner.length) return undefined;
  return items
    .filter(([, name, rest = '']) => name !== 'type' || rest.trim() === '' || /^\s+as\s/.test(rest))
    .map(([, name = '']) => (/^['"]/.test(name) ? textOf(name.slice(1, -1)) : name))
    .filter(name => name !== 'default');
}
