/** `layer-builder conform`: judge a loader command against the fault list. */
import path from 'node:path';
import type { Command } from '../command.ts';
import { formatReport, runConform } from '../conform/index.ts';
import { fail } from '../errors.ts';
import { textOf } from './values.ts';

export const command: Command = {
  name: 'conform',
  summary: 'judge a loader command against the fault list',
  usage: 'layer-builder conform [--rows PATTERN] [--archives DIR] [-- CMD …]',
  example: 'layer-builder conform --rows "A16|B" -- node my-loader.js',
  options: {
    rows: { type: 'string', help: 'only rows whose id and title match this regular expression' },
    archives: {
      type: 'string',
      help: 'folder with MANIFEST.json: its archives marked "reject" are rows too',
    },
  },
  positionals: { min: 0, max: 1000, names: ['[-- CMD …, default our own loader]'] },
  async run({ progress }, { values, positionals }) {
    const rows = patternOf(textOf(values, 'rows'));
    const archives = textOf(values, 'archives');
    const report = await runConform(positionals, {
      ...(rows ? { rows } : {}),
      ...(archives ? { archives: path.resolve(archives) } : {}),
      onRow: ({ id, title, passed, ms }) =>
        progress(`${passed ? 'passed' : 'failed'} ${id} ${title}, ${ms} ms`),
    });
    return { data: report, text: formatReport(report), exitStatus: report.failed === 0 ? 0 : 1 };
  },
};

function patternOf(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch {
    return fail(
      'USAGE',
      `no pattern (expected a regular expression after --rows, found ${JSON.stringify(text)})`,
    );
  }
}
