/**
 * A test runner for Stryker that needs no process a mutant: the tests are imported once, then those that reach the
 * mutant run one after another until one fails. ava itself would need two seconds for each of thousands of mutants.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import type {
  DryRunOptions,
  DryRunResult,
  MutantRunOptions,
  MutantRunResult,
  TestResult,
  TestRunner,
  TestRunnerCapabilities,
} from '@stryker-mutator/api/test-runner';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { declared } from './ava.ts';

/** What Stryker's instrumented code reads and writes: which mutant is on, which test runs, what it reached. */
interface Switchboard {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

const globals = globalThis as { __stryker__?: Switchboard };
const switchboard = globals.__stryker__ ?? {};
globals.__stryker__ = switchboard;
const standIn = new URL('./ava.ts', import.meta.url).href;

class InlineRunner implements TestRunner {
  static readonly inject: [typeof commonTokens.options] = [commonTokens.options];
  readonly #sources: readonly string[];
  readonly #tests: readonly string[];
  readonly #durations = new Map<string, number>();
  #crash: unknown;

  constructor(options: StrykerOptions) {
    const { sources = [], tests } = options['inline'] as {
      sources?: readonly string[];
      tests: readonly string[];
    };
    this.#sources = sources;
    this.#tests = tests;
  }

  capabilities(): TestRunnerCapabilities {
    // a module is imported once: what runs at import needs a new process, which Stryker starts
    return { reloadEnvironment: false };
  }

  async init(): Promise<void> {
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'ava' ? { url: standIn, shortCircuit: true } : next(specifier, context),
    });
    // a mutant may break what nobody waits for: ava counts that as a failure too
    const note = (error: unknown) => {
      this.#crash ??= error;
    };
    process.on('uncaughtException', note).on('unhandledRejection', note);
  }

  async dryRun(_options: DryRunOptions): Promise<DryRunResult> {
    await this.#importTests();
    const tests = await this.#run(undefined, false);
    for (const { id, timeSpentMs } of tests) this.#durations.set(id, timeSpentMs);
    const { mutantCoverage } = switchboard;
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage && { mutantCoverage }) };
  }

  async mutantRun({
    activeMutant,
    testFilter,
    hitLimit,
    mutantActivation,
  }: MutantRunOptions): Promise<MutantRunResult> {
    Object.assign(switchboard, { hitCount: hitLimit === undefined ? undefined : 0, hitLimit });
    const activate = () => {
      switchboard.activeMutant = activeMutant.id;
    };
    if (mutantActivation === 'static') activate();
    await this.#importTests();
    activate();
    const tests = await this.#run(testFilter, true);
    switchboard.activeMutant = undefined;
    const endless = determineHitLimitReached(switchboard.hitCount, hitLimit);
    return toMutantRunResult(endless ?? { status: DryRunStatus.Complete, tests }, false);
  }

  async #importTests(): Promise<void> {
    if (declared.tests.length > 0) return;
    // Before any test: what a test imports itself would count as run by that test, and never again.
    for (const file of this.#sources) await import(pathToFileURL(file).href);
    for (const file of this.#tests) {
      declared.file = file;
      await import(pathToFileURL(file).href);
    }
  }

  /** The quick ones first: most mutants do not live to see the others. */
  async #run(filter: readonly string[] | undefined, isOverAtFailure: boolean): Promise<TestResult[]> {
    const wanted = declared.tests
      .map(test => ({ ...test, id: `${test.file} ${test.title}` }))
      .filter(({ id }) => filter === undefined || filter.includes(id))
      .sort((a, b) => (this.#durations.get(a.id) ?? 0) - (this.#durations.get(b.id) ?? 0));
    const results: TestResult[] = [];
    for (const { id, run } of wanted) {
      const startedAt = performance.now();
      const failure = await this.#runOne(id, run);
      const facts = { id, name: id, timeSpentMs: performance.now() - startedAt };
      if (failure === undefined) results.push({ ...facts, status: TestStatus.Success });
      else {
        const failureMessage = String((failure as Partial<Error>)?.message ?? failure);
        results.push({ ...facts, status: TestStatus.Failed, failureMessage });
        if (isOverAtFailure) break;
      }
    }
    return results;
  }

  async #runOne(id: string, run: () => Promise<void>): Promise<unknown> {
    switchboard.currentTestId = id;
    this.#crash = undefined;
    try {
      await run();
      return this.#crash;
    } catch (error) {
      return error ?? 'thrown undefined';
    } finally {
      switchboard.currentTestId = undefined;
    }
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'inline', InlineRunner)];
