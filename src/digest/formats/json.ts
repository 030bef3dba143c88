/** The digest as one JSON document. Pure. */
import { type Format, filtersOf, totalsOf } from './format.ts';

export const json: Format = {
  type: 'application/json',
  head(digest) {
    const { owner, name, ref } = digest.request;
    const head = {
      repository: { owner, name, ref, commit: digest.commit },
      filters: filtersOf(digest),
      totals: totalsOf(digest),
      warnings: digest.leaks,
      skipped: digest.skipped,
    };
    return `${JSON.stringify(head).slice(0, -1)},"files":[`;
  },
  file: (_digest, file, index) => {
    const { path, size, tokens } = file;
    return [index === 0 ? '' : ',', JSON.stringify({ path, size, tokens, content: file.text().toString() })];
  },
  end: () => ']}',
};

/** With `hide_file_contents` the files are listed all the same, without their text. */
export const jsonWithoutContents: Format = {
  ...json,
  end: ({ files }) =>
    `${files.map(({ path, size, tokens }) => JSON.stringify({ path, size, tokens })).join(',')}]}`,
};
