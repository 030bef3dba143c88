/** The digest in Markdown. What comes from the repository stands in fences that it cannot break out of. Pure. */
import { printable } from '../../repository/text.ts';
import { grouped } from '../../stats/table.ts';
import type { Digest } from '../digest.ts';
import { type Format, filtersOf, mostListed, totalsOf } from './format.ts';
import { languageOf } from './languages.ts';
import { drawFiles } from './tree.ts';

export const markdown: Format = {
  type: 'text/markdown; charset=utf-8',
  head(digest) {
    const { owner, name, ref } = digest.request;
    const totals = totalsOf(digest);
    const filters = Object.entries(filtersOf(digest)).map(
      ([key, value]) => `  - ${key}: ${code(JSON.stringify(value))}`,
    );
    return [
      `# ${owner}/${name}\n`,
      `- Ref: ${code(ref)}`,
      `- Commit: ${code(digest.commit)}`,
      `- Files: ${grouped(totals.files)} of ${grouped(totals.total_files)}`,
      `- Size: ${grouped(totals.bytes)} bytes, about ${grouped(totals.tokens)} tokens`,
      filters.length === 0 ? '- Filters: none' : `- Filters:\n${filters.join('\n')}`,
      ...budgetNote(digest),
      ...warnings(digest),
      `\n## Tree\n\n${fence(drawFiles(`${owner}/${name}`, digest.files), 'text')}`,
      ...skippedList(digest),
      digest.request.hide_file_contents ? '' : '\n## Files\n',
    ].join('\n');
  },
  file: (_digest, file) => [
    `\n### ${code(printable(file.path))}\n\n`,
    ...fenced(file.text(), languageOf(file.path)),
    '\n',
  ],
  end: () => '',
};

/** A fence one backtick longer than the longest run inside. https://spec.commonmark.org/0.31.2/#fenced-code-blocks */
function fenced(text: Buffer, language: string): readonly (string | Buffer)[] {
  const mark = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return [`${mark}${language}\n`, text, text.length === 0 || text.at(-1) === 0x0a ? mark : `\n${mark}`];
}

function fence(text: string, language: string): string {
  return fenced(Buffer.from(text), language).join('');
}

/** A code span, in which nothing is markup. https://spec.commonmark.org/0.31.2/#code-spans */
function code(text: string): string {
  const run = longestRun(Buffer.from(text));
  if (run === 0) return `\`${text}\``;
  const mark = '`'.repeat(run + 1);
  return `${mark} ${text} ${mark}`;
}

/** Of backticks. */
function longestRun(text: Buffer): number {
  let longest = 0;
  for (let at = text.indexOf(0x60); at !== -1; at = text.indexOf(0x60, at)) {
    const start = at;
    while (text[at] === 0x60) at += 1;
    longest = Math.max(longest, at - start);
  }
  return longest;
}

function budgetNote({ request, skipped }: Digest): string[] {
  const left = skipped.filter(file => file.reason === 'over budget').length;
  if (left === 0) return [];
  return [
    `\n> **Left out:** ${left} files did not fit into the budget of ${grouped(request.max_tokens)} tokens.`,
  ];
}

function warnings({ leaks }: Digest): string[] {
  if (leaks.length === 0) return [];
  const lines = leaks.map(({ path, line, kind }) => `${printable(path)}:${line} ${kind}`);
  return [`\n## Warnings\n\nThese places look like secrets:\n\n${fence(lines.join('\n'), 'text')}`];
}

function skippedList({ skipped }: Digest): string[] {
  if (skipped.length === 0) return [];
  const lines = skipped.slice(0, mostListed).map(({ path, reason }) => `${reason}: ${printable(path)}`);
  if (skipped.length > mostListed) lines.push(`… and ${skipped.length - mostListed} more`);
  return [`\n## Skipped\n\n${fence(lines.join('\n'), 'text')}`];
}
