/** The command line: argv in, one command run, its outcome printed, the exit status set. The only user of process. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isCodedError } from '../artifact/error.ts';
import type { CommandContext, Outcome } from './command.ts';
import { BuilderError, usageCodes } from './errors.ts';
import { parseArguments } from './parse.ts';
import { describeError, formatError, printable } from './report/error.ts';
import { commandHelp, commandHelpData, overview } from './report/help.ts';
import { makeRedactor } from './report/redact.ts';

/** How long a command may take to stop after Ctrl-C before it is ended, in milliseconds. */
const graceMs = 5000;
const signals = { SIGINT: 130, SIGTERM: 143 } as const;

const argv = process.argv.slice(2);
const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
const json = options.includes('--json');
const redact = makeRedactor(process.env);
const interrupted = new AbortController();

endQuietlyWhenNobodyReads();
abortOnSignals();
const status = await main();
for (const stream of [process.stdout, process.stderr]) await written(stream, '');
process.exit(status);

async function main(): Promise<number> {
  try {
    const outcome = await run();
    await print(json ? outcome.data : outcome.text);
    await outcome.hold?.();
    return outcome.exitStatus ?? 0;
  } catch (error) {
    const coded = interrupted.signal.aborted ? stopped(error) : isCodedError(error) ? error : internal(error);
    if (json) await print({ error: describeError(coded) });
    else await written(process.stderr, `${clean(formatError(coded))}\n`);
    if (interrupted.signal.aborted) return signals[interrupted.signal.reason as keyof typeof signals];
    return usageCodes.has(coded.code) ? 2 : 1;
  }
}

async function run(): Promise<Outcome> {
  const parsed = await parseArguments(argv);
  switch (parsed.kind) {
    case 'version':
      return { data: { version: version() }, text: version() };
    case 'overview':
      return { data: { commands: parsed.commands }, text: overview(parsed.commands) };
    case 'help':
      return { data: commandHelpData(parsed.command), text: commandHelp(parsed.command) };
    case 'run':
      return await parsed.command.run(contextFor(parsed.project, parsed.quiet), parsed.args);
  }
}

function contextFor(project: string, quiet: boolean): CommandContext {
  const note = (line: string) => process.stderr.write(`${clean(line)}\n`);
  return {
    project: resolve(project),
    json,
    quiet,
    env: process.env,
    signal: interrupted.signal,
    say: text => {
      if (!quiet && !json) process.stdout.write(`${clean(text)}\n`);
    },
    progress: line => {
      if (!quiet && process.stderr.isTTY) note(line);
    },
    warn: line => {
      if (!quiet) note(line);
    },
  };
}

async function print(value: unknown) {
  const text = json ? JSON.stringify(redact.value(value), null, 2) : clean(String(value));
  if (text !== '') await written(process.stdout, `${text}\n`);
}

/** What any text goes through on its way to a terminal or a log. */
function clean(text: string): string {
  return printable(redact.text(text));
}

function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise(done => stream.write(text, () => done()));
}

/** `layer-builder list | head -1` closes the pipe early: that is no failure of ours. */
function endQuietlyWhenNobodyReads() {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  }
}

/**
 * The first signal asks the command to stop where it is safe. A second one, or the end of the grace, ends it.
 * Signals within 300 ms are one: the terminal, npm and the shim each pass the same Ctrl-C on.
 */
function abortOnSignals() {
  let first: number | undefined;
  for (const [name, status] of Object.entries(signals)) {
    process.on(name, () => {
      if (first === undefined) {
        first = performance.now();
        interrupted.abort(name);
        setTimeout(() => process.exit(status), graceMs).unref();
      } else if (performance.now() - first > 300) process.exit(status);
    });
  }
}

/** A command that could say what it left behind has said it. */
function stopped(error: unknown): BuilderError {
  if (error instanceof BuilderError && error.code === 'INTERRUPTED') return error;
  return new BuilderError('INTERRUPTED', `stopped by ${interrupted.signal.reason}`, {
    hint: 'run the same command again: what is done is kept',
  });
}

function internal(error: unknown): BuilderError {
  const said = error instanceof Error ? error.message : String(error);
  const stack = process.env['LAYER_BUILDER_DEBUG'] && error instanceof Error ? `\n${error.stack}` : '';
  return new BuilderError('INTERNAL', `${said}${stack}`, {
    hint: 'this is a fault of layer-builder; LAYER_BUILDER_DEBUG=1 shows where',
    cause: error,
  });
}

function version(): string {
  return String(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
}
