/** docs/commands.md says of each command what --help says. */
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { commandNames, loadCommand } from '../../../layer-builder/commands/index.ts';
import { globalOptions } from '../../../layer-builder/parse.ts';
import { referenceMarkdown } from '../../../layer-builder/report/reference.ts';

const file = new URL('../../../docs/commands.md', import.meta.url);
/** Options change with their commands: then run this file once with UPDATE_DOCS=1. */
const start = '<!-- made from --help: UPDATE_DOCS=1 npx ava test/layer-builder/cli/docs.test.ts -->\n';

test('docs/commands.md holds the options of every command as --help shows them', async t => {
  const commands = await Promise.all(commandNames.map(loadCommand));
  const expected = start + referenceMarkdown(commands, globalOptions);
  const text = readFileSync(file, 'utf8');
  const before = text.slice(0, text.indexOf(start));
  if (process.env['UPDATE_DOCS']) writeFileSync(file, before + expected);
  else t.is(text.slice(before.length), expected, 'run with UPDATE_DOCS=1');
  t.pass();
});
