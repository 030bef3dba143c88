/** The Query protocol: dotted names of a form become data, data becomes XML. Pure. */
import { ApiError } from './error.ts';

interface Branch {
  [name: string]: string | Branch;
}

/** `Dimensions.member.1.Name=x` → `{ Dimensions: [{ Name: 'x' }] }`. Every value is text. */
export function parseQuery(form: string): Readonly<Record<string, unknown>> {
  const root: Branch = Object.create(null);
  for (const [name, value] of new URLSearchParams(form)) {
    const steps = name.split('.');
    const last = steps.pop() ?? '';
    let at = root;
    for (const step of steps) {
      at[step] ??= Object.create(null) as Branch;
      const next = at[step];
      if (typeof next === 'string')
        throw new ApiError('MalformedInput', `${name} is both a value and a list`);
      at = next;
    }
    at[last] = value;
  }
  return listsOf(root) as Readonly<Record<string, unknown>>;
}

function listsOf(value: string | Branch): unknown {
  if (typeof value === 'string') return value;
  const { member } = value;
  if (typeof member === 'object') {
    const numbers = Object.keys(member).sort((a, b) => Number(a) - Number(b));
    return numbers.map(number => listsOf(member[number] ?? ''));
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, listsOf(item)]));
}

/** Lists become `<member>` elements, dates ISO 8601, `undefined` nothing. */
export function formatXml(root: string, content: unknown, namespace: string): Buffer {
  return Buffer.from(`<${root} xmlns="${namespace}">${inner(content)}</${root}>\n`);
}

function inner(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(item => `<member>${inner(item)}</member>`).join('');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => `<${name}>${inner(item)}</${name}>`)
      .join('');
  }
  return String(value ?? '').replace(/[&<>\r]/g, char => `&#${char.charCodeAt(0)};`);
}
