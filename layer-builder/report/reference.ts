/** The reference of all commands as Markdown, from what they declare about themselves. Pure. */
import type { Command, CommandOption } from '../command.ts';

export function referenceMarkdown(
  commands: readonly Command[],
  globalOptions: Readonly<Record<string, CommandOption>>,
): string {
  return [
    '## Options of every command',
    '',
    ...optionTable(globalOptions),
    '| `--version` | the version of layer-builder |',
    ...commands.flatMap(command => [
      '',
      `## ${command.name}`,
      '',
      `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`,
      '',
      '```sh',
      command.usage,
      '```',
      ...(Object.keys(command.options).length > 0 ? ['', ...optionTable(command.options)] : []),
      '',
      `Example: \`${command.example}\``,
    ]),
    '',
  ].join('\n');
}

function optionTable(options: Readonly<Record<string, CommandOption>>): string[] {
  return [
    '| option | |',
    '| --- | --- |',
    ...Object.entries(options).map(([name, { type, short, default: fallback, help }]) => {
      const value = type === 'string' ? ` ${name.replace(/^.*-/, '').toUpperCase()}` : '';
      const names = [...(short ? [`\`-${short}\``] : []), `\`--${name}${value}\``].join(', ');
      const said = typeof fallback === 'string' ? `${help} (default \`${fallback}\`)` : help;
      return `| ${names} | ${said.replaceAll('|', '\\|')} |`;
    }),
  ];
}
