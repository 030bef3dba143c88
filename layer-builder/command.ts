/**
 * What a command is: a name, its options and one function. The command line does everything else.
 * Each command is a file `commands/<name>.ts` that exports `command: Command`.
 */

/** What a command knows about its caller. Nothing else reaches for the process. */
export interface CommandContext {
  /** Absolute path of the project folder. */
  readonly project: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C or SIGTERM: stop at the next safe point. */
  readonly signal?: AbortSignal;
  /** Text for people on stdout before the outcome, of a command that stays; nothing with `--json` or `--quiet`. */
  say(text: string): void;
  /** One line of progress on stderr, on a terminal only. */
  progress(line: string): void;
  /** One line on stderr. */
  warn(line: string): void;
}

/** What a command answers. It prints nothing itself. */
export interface Outcome {
  /** The `--json` document. */
  readonly data: unknown;
  /** The same for people. */
  readonly text: string;
  /** @default 0 */
  readonly exitStatus?: 0 | 1;
  /** For a command that stays: waited for after the outcome is printed. */
  readonly hold?: () => Promise<void>;
}

export interface CommandOption {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly default?: string | boolean;
  readonly help: string;
  /** May be given more than once, or as a list with commas; the value arrives as one list with commas. */
  readonly multiple?: boolean;
}

export interface CommandArguments {
  values: Record<string, string | boolean | undefined>;
  positionals: string[];
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly example: string;
  readonly options: Record<string, CommandOption>;
  readonly positionals?: { min: number; max: number; names: string[] };
  run(context: CommandContext, args: CommandArguments): Promise<Outcome>;
}
