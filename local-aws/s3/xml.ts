/** XML as S3 speaks it: elements and text. Writing escapes; reading is strict, bounded, and knows no DOCTYPE. */
import { S3Error } from './errors.ts';

/** An element is its name and either text or children. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

type XmlContent = string | number | boolean | XmlElement | readonly (XmlElement | undefined)[];

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
/** No S3 document nests deeper than a lifecycle filter; more is an attack on the reader. */
const deepest = 16;

/** Makes an element; `undefined` children are left out. */
export function xml(name: string, content: XmlContent = ''): XmlElement {
  if (Array.isArray(content))
    return {
      name,
      text: '',
      children: content.filter(child => child !== undefined) as readonly XmlElement[],
    };
  if (typeof content === 'object') return { name, text: '', children: [content as XmlElement] };
  return { name, text: String(content), children: [] };
}

/** Writes a document in S3's namespace; error documents have none. */
export function formatDocument(root: XmlElement, options: { readonly namespaced: boolean }): string {
  const attribute = options.namespaced ? ` xmlns="${namespace}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n${formatElement(root, attribute)}`;
}

/** Reads a document. Throws `MalformedXML` for anything but nested elements and text. */
export function parseDocument(source: string): XmlElement {
  const reader = { source, at: 0 };
  skipProlog(reader);
  const root = readElement(reader, 0);
  skipSpaceAndComments(reader);
  if (reader.at !== source.length) throw new S3Error('MalformedXML');
  return root;
}

/** The first child with this name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find(child => child.name === name);
}

/** The text of the first child with this name; `undefined` when there is none. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return childOf(element, name)?.text;
}

function formatElement(element: XmlElement, attribute = ''): string {
  const inner =
    element.children.length > 0
      ? element.children.map(child => formatElement(child)).join('')
      : escapeText(element.text);
  return inner === ''
    ? `<${element.name}${attribute}/>`
    : `<${element.name}${attribute}>${inner}</${element.name}>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeText(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: S3 writes control characters in keys as references
    /[&<>"\u0000-\u001f\u007f\ufffe\uffff]/g,
    char => entities[char] ?? `&#x${char.charCodeAt(0).toString(16)};`,
  );
}

interface Reader {
  readonly source: string;
  at: number;
}

const openingTag = /<([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const closingTag = /<\/([A-Za-z_][\w.-]*)\s*>/y;
const plainText = /[^<]+/y;

function readElement(reader: Reader, depth: number): XmlElement {
  const [, name, , selfClosing] = match(reader, openingTag) ?? [];
  if (name === undefined || depth > deepest) throw new S3Error('MalformedXML');
  if (selfClosing === '/') return { name, text: '', children: [] };
  const children: XmlElement[] = [];
  let text = '';
  for (;;) {
    skipComment(reader);
    const piece = match(reader, plainText)?.[0];
    if (piece !== undefined) text += unescapeText(piece);
    else if (reader.source.startsWith('</', reader.at)) break;
    else if (!reader.source.startsWith('<!--', reader.at)) children.push(readElement(reader, depth + 1));
  }
  if (match(reader, closingTag)?.[1] !== name) throw new S3Error('MalformedXML');
  if (children.length > 0 && text.trim() !== '') throw new S3Error('MalformedXML');
  return { name, text: children.length > 0 ? '' : text, children };
}

function skipProlog(reader: Reader): void {
  match(reader, /\ufeff?\s*(?:<\?xml[^<>]*\?>)?/y);
  skipSpaceAndComments(reader);
}

function skipSpaceAndComments(reader: Reader): void {
  do match(reader, /\s*/y);
  while (skipComment(reader));
}

function skipComment(reader: Reader): boolean {
  if (!reader.source.startsWith('<!--', reader.at)) return false;
  const end = reader.source.indexOf('-->', reader.at + 4);
  if (end === -1) throw new S3Error('MalformedXML');
  reader.at = end + 3;
  return true;
}

function match(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.source) ?? undefined;
  if (found !== undefined) reader.at = pattern.lastIndex;
  return found;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeText(text: string): string {
  return text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const digits = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const point =
      digits === null ? undefined : Number.parseInt(digits[1] ?? digits[2] ?? '', digits[1] ? 16 : 10);
    const char =
      point === undefined ? named[name] : point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
    if (char === undefined || !whole.endsWith(';')) throw new S3Error('MalformedXML');
    return char;
  });
}
