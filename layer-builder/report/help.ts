/** Help as text and as data, made from what a command declares about itself. */
import type { Command, CommandOption } from '../command.ts';
import { globalOptions } from '../parse.ts';
import { table } from './table.ts';

/** What `layer-builder --help` prints. */
export function overview(commands: Readonly<Record<string, string>>): string {
  return [
    'layer-builder: the heavy dependencies of a Node service, packaged once, as Lambda layer and as S3 object',
    '',
    'usage: layer-builder COMMAND [options]',
    '',
    ...table(Object.entries(commands).map(([name, summary]) => [`  ${name}`, summary])),
    '',
    'options of every command:',
    ...optionLines({ ...globalOptions, version: { type: 'boolean', help: 'the version of layer-builder' } }),
    '',
    'exit status: 0 done, 1 failed, 2 wrong usage',
    'example: layer-builder build && layer-builder publish --bucket my-artifacts --regions eu-west-1',
  ].join('\n');
}

/** What `layer-builder COMMAND --help` prints. */
export function commandHelp(command: Command): string {
  const own = optionLines(command.options);
  return [
    `${command.name}: ${command.summary}`,
    '',
    `usage: ${command.usage}`,
    '',
    ...(own.length > 0 ? ['options:', ...own, ''] : []),
    'options of every command:',
    ...optionLines(globalOptions),
    '',
    `example: ${command.example}`,
  ].join('\n');
}

/** The same as data: `--help --json`, and what docs/commands.md is checked against. */
export function commandHelpData(command: Command) {
  const { name, summary, usage, example, options } = command;
  return { name, summary, usage, example, options };
}

function optionLines(options: Readonly<Record<string, CommandOption>>): string[] {
  return table(
    Object.entries(options).map(([name, option]) => {
      const value = option.type === 'string' ? ` ${name.replace(/^.*-/, '').toUpperCase()}` : '';
      const fallback = typeof option.default === 'string' ? ` (default ${option.default})` : '';
      return [`  ${option.short ? `-${option.short}, ` : ''}--${name}${value}`, `${option.help}${fallback}`];
    }),
  );
}
