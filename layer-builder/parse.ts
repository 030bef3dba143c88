/** argv → what to do. Every wrong word is a `USAGE` error that names the nearest right one. */
import { parseArgs } from 'node:util';
import type { Command, CommandArguments, CommandOption } from './command.ts';
import { commandNames, commandSummaries, loadCommand } from './commands/index.ts';
import { fail } from './errors.ts';
import { nearest } from './nearest.ts';

export type Parsed =
  | { readonly kind: 'version' }
  | { readonly kind: 'overview'; readonly commands: Readonly<Record<string, string>> }
  | { readonly kind: 'help'; readonly command: Command }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly project: string;
      readonly quiet: boolean;
      readonly args: CommandArguments;
    };

/** Options that every command takes. */
export const globalOptions = {
  project: { type: 'string', default: '.', help: 'folder of the project' },
  json: { type: 'boolean', help: 'one JSON document on stdout, everything else on stderr' },
  quiet: { type: 'boolean', short: 'q', help: 'no progress and no notes' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
} as const satisfies Record<string, CommandOption>;

/** Throws `USAGE` for an unknown command or option, a missing value, too few or too many arguments. */
export async function parseArguments(argv: readonly string[]): Promise<Parsed> {
  const at = commandIndex(argv);
  const name = argv[at];
  if (name === undefined) {
    const { values } = readOptions(argv, { ...globalOptions, version: { type: 'boolean', help: '' } });
    return values['version'] ? { kind: 'version' } : { kind: 'overview', commands: commandSummaries };
  }
  if (name === 'help') return parseArguments([...argv.toSpliced(at, 1), '--help']);
  const known = commandNames.find(command => command === name);
  if (known === undefined) {
    fail('USAGE', `unknown command (expected one of ${commandNames.join(', ')}, found ${show(name)})`, {
      hint: suggestion(name, commandNames) ?? 'layer-builder --help lists the commands',
      details: { command: name },
    });
  }
  const command = await loadCommand(known);
  const { values, positionals } = readOptions(argv.toSpliced(at, 1), {
    ...globalOptions,
    ...command.options,
  });
  const { project, json: _json, quiet, help, ...own } = values;
  if (help === true) return { kind: 'help', command };
  checkPositionals(command, positionals);
  return {
    kind: 'run',
    command,
    project: String(project),
    quiet: quiet === true,
    args: { values: own, positionals },
  };
}

/** Index of the first word that is neither an option nor the value of `--project`. */
function commandIndex(argv: readonly string[]): number {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (word === '--') break;
    if (word === '--project') index++;
    else if (!word.startsWith('-')) return index;
  }
  return argv.length;
}

function readOptions(argv: readonly string[], options: Record<string, CommandOption>): CommandArguments {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { type, short }]) => [name, short ? { type, short } : { type }]),
    ),
    strict: false,
    tokens: true,
  });
  const values: CommandArguments['values'] = {};
  for (const [name, option] of Object.entries(options)) {
    if (option.default !== undefined) values[name] = option.default;
  }
  const given = new Set<string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) {
      const names = Object.keys(options).map(name => `--${name}`);
      fail('USAGE', `unknown option (expected one of ${names.join(', ')}, found ${show(token.rawName)})`, {
        hint: suggestion(token.rawName, names) ?? 'add --help to see the options',
        details: { option: token.rawName },
      });
    }
    const value = readValue(token.rawName, token.value, token.inlineValue === true, option);
    const before = values[token.name];
    if (given.has(token.name) && option.type === 'string') {
      if (!option.multiple) {
        fail(
          'USAGE',
          `option given twice (expected ${token.rawName} once, found ${show(String(value))} again)`,
        );
      }
      values[token.name] = `${before},${value}`;
    } else values[token.name] = value;
    given.add(token.name);
  }
  return { values, positionals };
}

function readValue(name: string, value: string | undefined, inline: boolean, option: CommandOption) {
  if (option.type === 'boolean') {
    if (value === undefined) return true;
    return fail('USAGE', `${name} takes no value (expected ${name}, found ${show(`${name}=${value}`)})`);
  }
  const missing = value === undefined || value === '' || (!inline && value.startsWith('--'));
  if (!missing) return value;
  return fail('USAGE', `${name} needs a value (expected ${name} VALUE, found ${show(value || 'nothing')})`);
}

function checkPositionals(command: Command, found: readonly string[]) {
  const { min, max, names } = command.positionals ?? { min: 0, max: 0, names: [] };
  if (found.length >= min && found.length <= max) return;
  const expected = names.length === 0 ? 'no arguments' : names.join(' ');
  fail(
    'USAGE',
    `wrong number of arguments for ${command.name} (expected ${expected}, found ${found.map(show).join(' ') || 'none'})`,
    { hint: `usage: ${command.usage}` },
  );
}

function suggestion(word: string, known: readonly string[]): string | undefined {
  const close = nearest(word, known);
  return close && `did you mean ${close}?`;
}

/** As JSON, so that control characters of a hostile argument reach neither terminal nor log. */
function show(word: string): string {
  return JSON.stringify(word.length > 60 ? `${word.slice(0, 59)}…` : word);
}
