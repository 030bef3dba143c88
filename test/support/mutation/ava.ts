/**
 * What our tests use of ava, in one process and without its start: under Stryker every mutant needs a run of its own.
 * A failed assertion throws, as it does in ava.
 */
import { AssertionError } from 'node:assert';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inspect, isDeepStrictEqual } from 'node:util';

type Body = (t: Context, ...parameters: never[]) => unknown;
interface Macro {
  readonly exec: Body;
  readonly title?: (name?: string, ...parameters: never[]) => string;
}
interface Expectation {
  readonly instanceOf?: abstract new (...parameters: never[]) => unknown;
  readonly is?: unknown;
  readonly code?: unknown;
  readonly name?: string;
  readonly message?: string | RegExp | ((message: string) => boolean);
}

export interface DeclaredTest {
  readonly file: string;
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** Every test of the files imported so far; `file` is the one that is being imported. */
export const declared = { file: '', tests: [] as DeclaredTest[] };

export default Object.assign(declare, {
  serial: declare,
  skip: () => {},
  macro: (macro: Macro | Body) => macro,
  before: (prepare: () => unknown) => {
    hooksOf(declared.file).push(memoize(prepare));
  },
  // the folders of a run go with its sandbox
  after: { always: () => {} },
});

const hooks = new Map<string, (() => Promise<unknown>)[]>();

function hooksOf(file: string): (() => Promise<unknown>)[] {
  const found = hooks.get(file) ?? [];
  hooks.set(file, found);
  return found;
}

function memoize(prepare: () => unknown): () => Promise<unknown> {
  let running: Promise<unknown> | undefined;
  return () => {
    running ??= Promise.resolve(prepare());
    return running;
  };
}

function declare(name: string | Macro | Body, ...rest: unknown[]): void {
  const title = typeof name === 'string' ? name : undefined;
  const [macro, ...parameters] = (title === undefined ? [name, ...rest] : rest) as [Macro | Body, ...never[]];
  const body = typeof macro === 'function' ? macro : macro.exec;
  const shown = typeof macro === 'function' ? title : (macro.title?.(title, ...parameters) ?? title);
  const { file } = declared;
  const run = async () => {
    for (const hook of hooksOf(file)) await hook();
    const context = new Context(`${file} ${shown}`);
    try {
      await body(context, ...parameters);
    } finally {
      for (const undo of context.undo.reverse()) await undo();
    }
  };
  declared.tests.push({ file, title: shown ?? '', run });
}

class Context {
  readonly undo: (() => unknown)[] = [];
  readonly title: string;

  constructor(title: string) {
    this.title = title;
  }

  teardown(undo: () => unknown): void {
    this.undo.push(undo);
  }
  log(): void {}
  timeout(): void {}
  pass(): void {}
  fail(message?: string): never {
    throw new AssertionError({ message: message ?? 'failed' });
  }
  true(value: unknown, message?: string): boolean {
    return this.is(value, true, message);
  }
  false(value: unknown, message?: string): boolean {
    return this.is(value, false, message);
  }
  truthy(value: unknown, message?: string): boolean {
    return this.is(Boolean(value), true, message);
  }
  falsy(value: unknown, message?: string): boolean {
    return this.is(Boolean(value), false, message);
  }
  is(value: unknown, expected: unknown, message?: string): boolean {
    return (
      Object.is(value, expected) || this.fail(message ?? `${inspect(value)} is not ${inspect(expected)}`)
    );
  }
  not(value: unknown, other: unknown, message?: string): boolean {
    return !Object.is(value, other) || this.fail(message ?? `is ${inspect(other)}`);
  }
  deepEqual(value: unknown, expected: unknown, message?: string): boolean {
    return (
      isDeepStrictEqual(value, expected) ||
      this.fail(message ?? `${inspect(value)} is not ${inspect(expected)}`)
    );
  }
  notDeepEqual(value: unknown, other: unknown, message?: string): boolean {
    return !isDeepStrictEqual(value, other) || this.fail(message ?? `is ${inspect(other)}`);
  }
  regex(text: string, pattern: RegExp, message?: string): boolean {
    return pattern.test(text) || this.fail(message ?? `${inspect(text)} does not match ${pattern}`);
  }
  notRegex(text: string, pattern: RegExp, message?: string): boolean {
    return !pattern.test(text) || this.fail(message ?? `${inspect(text)} matches ${pattern}`);
  }
  like(value: unknown, part: unknown, message?: string): boolean {
    return isLike(value, part) || this.fail(message ?? `${inspect(value)} is not like ${inspect(part)}`);
  }
  throws(body: () => unknown, expected?: Expectation, message?: string): unknown {
    try {
      body();
    } catch (error) {
      return this.#expected(error, expected, message);
    }
    return this.fail(message ?? 'nothing was thrown');
  }
  async throwsAsync(
    body: PromiseLike<unknown> | (() => PromiseLike<unknown>),
    expected?: Expectation,
    message?: string,
  ): Promise<unknown> {
    try {
      await (typeof body === 'function' ? body() : body);
    } catch (error) {
      return this.#expected(error, expected, message);
    }
    return this.fail(message ?? 'nothing was thrown');
  }
  notThrows(body: () => unknown): void {
    body();
  }
  async notThrowsAsync(body: PromiseLike<unknown> | (() => PromiseLike<unknown>)): Promise<void> {
    await (typeof body === 'function' ? body() : body);
  }
  /** The first run of all, without a mutant, says what is right; later processes read it from the sandbox. */
  snapshot(value: unknown): boolean {
    const text = inspect(value, { depth: 9, maxArrayLength: null, maxStringLength: null });
    const file = 'snapshots.json';
    const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
    if (known[this.title] === undefined)
      writeFileSync(file, JSON.stringify({ ...known, [this.title]: text }));
    return this.is(known[this.title] ?? text, text, 'another snapshot');
  }

  #expected(error: unknown, expected: Expectation = {}, message?: string): unknown {
    const found = error as Partial<Error> & { code?: unknown };
    const text = String(found.message);
    const fits =
      error instanceof Error &&
      (expected.instanceOf === undefined || error instanceof expected.instanceOf) &&
      (!('is' in expected) || error === expected.is) &&
      (expected.code === undefined || found.code === expected.code) &&
      (expected.name === undefined || found.name === expected.name) &&
      fitsMessage(text, expected.message);
    return fits ? error : this.fail(message ?? `another error than ${inspect(expected)}: ${inspect(error)}`);
  }
}

function fitsMessage(text: string, expected: Expectation['message']): boolean {
  if (expected === undefined) return true;
  if (typeof expected === 'function') return expected(text);
  return typeof expected === 'string' ? text === expected : expected.test(text);
}

function isLike(value: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return Object.is(value, part);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(part).every(([key, inner]) => isLike((value as Record<string, unknown>)[key], inner));
}
