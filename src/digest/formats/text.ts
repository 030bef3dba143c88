/** The digest as plain text. Every separator carries the commit id, which no file of that commit can know. Pure. */
import { printable } from '../../repository/text.ts';
import { grouped } from '../../stats/table.ts';
import type { Digest } from '../digest.ts';
import { type Format, filtersOf, mostListed, totalsOf } from './format.ts';
import { drawFiles } from './tree.ts';

export const text: Format = {
  type: 'text/plain; charset=utf-8',
  head(digest) {
    const { owner, name, ref } = digest.request;
    const totals = totalsOf(digest);
    const filters = Object.entries(filtersOf(digest)).map(
      ([key, value]) => `  ${key}: ${JSON.stringify(value)}`,
    );
    return [
      `Repository: ${owner}/${name}`,
      `Ref: ${ref}`,
      `Commit: ${digest.commit}`,
      `Files: ${grouped(totals.files)} of ${grouped(totals.total_files)}`,
      `Size: ${grouped(totals.bytes)} bytes, about ${grouped(totals.tokens)} tokens`,
      filters.length === 0 ? 'Filters: none' : `Filters:\n${filters.join('\n')}`,
      ...list('Warnings, these places look like secrets', leakLines(digest)),
      `\n${drawFiles(`${owner}/${name}`, digest.files)}`,
      ...list('Skipped', skippedLines(digest)),
      '',
    ].join('\n');
  },
  file: (digest, file) => [`\n${separator(digest, printable(file.path))}\n`, file.text(), '\n'],
  end: digest => (digest.request.hide_file_contents ? '' : `\n${separator(digest, 'END')}\n`),
};

function separator({ commit }: Digest, title: string): string {
  return `===== ${commit} ${title} =====`;
}

function leakLines({ leaks }: Digest): string[] {
  return leaks.map(({ path, line, kind }) => `${printable(path)}:${line} ${kind}`);
}

function skippedLines({ skipped }: Digest): string[] {
  const lines = skipped.slice(0, mostListed).map(({ path, reason }) => `${reason}: ${printable(path)}`);
  return skipped.length > mostListed ? [...lines, `… and ${skipped.length - mostListed} more`] : lines;
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`\n${title}:`, ...lines.map(line => `  ${line}`)];
}
