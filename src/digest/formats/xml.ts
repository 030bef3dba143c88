/** The digest in XML, everything from the repository escaped. Pure. */
import { type Format, filtersOf, totalsOf } from './format.ts';
import { drawFiles } from './tree.ts';

export const xml: Format = {
  type: 'application/xml; charset=utf-8',
  head(digest) {
    const { owner, name, ref } = digest.request;
    const filters = Object.entries(filtersOf(digest)).map(([filter, value]) =>
      element('filter', { name: filter }, JSON.stringify(value)),
    );
    const lines = [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<digest${attributes({ repository: `${owner}/${name}`, ref, commit: digest.commit, ...totalsOf(digest) })}>`,
      ...group('filters', filters),
      ...group(
        'warnings',
        digest.leaks.map(leak => element('warning', { ...leak })),
      ),
      element('tree', {}, drawFiles(`${owner}/${name}`, digest.files)),
      ...group(
        'skipped',
        digest.skipped.map(file => element('file', { ...file })),
      ),
      '<files>',
    ];
    return `${lines.join('\n')}\n`;
  },
  file: (_digest, { path, size, tokens, text }) => [
    `<file${attributes({ path, size, tokens })}>`,
    escapeXml(text().toString()),
    '</file>\n',
  ],
  end: () => '</files>\n</digest>\n',
};

function group(name: string, elements: readonly string[]): string[] {
  return elements.length === 0 ? [] : [`<${name}>`, ...elements, `</${name}>`];
}

function element(name: string, facts: Readonly<Record<string, string | number>>, text?: string): string {
  return text === undefined
    ? `<${name}${attributes(facts)}/>`
    : `<${name}${attributes(facts)}>${escapeXml(text)}</${name}>`;
}

function attributes(facts: Readonly<Record<string, string | number>>): string {
  return Object.entries(facts)
    .map(
      ([key, value]) =>
        ` ${key}="${escapeXml(String(value)).replace(/[\t\n]/g, c => `&#${c.charCodeAt(0)};`)}"`,
    )
    .join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** Characters that XML 1.0 does not allow become U+FFFD. https://www.w3.org/TR/xml/#charsets */
function escapeXml(text: string): string {
  return text
    .replace(/[&<>"\r]/g, character => entities[character] ?? character)
    .replace(/[\p{Cc}\ufffe\uffff]/gu, character => (isAllowed(character) ? character : '\ufffd'));
}

function isAllowed(control: string): boolean {
  return control === '\t' || control === '\n' || (control >= '\x7f' && control <= '\x9f');
}
