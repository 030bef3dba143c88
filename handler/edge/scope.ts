/** What belongs to one request, found from anywhere below it without a global: safe for concurrent requests. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Scope {
  /** Lambda's id of the invocation. */
  readonly functionRequestId: string | undefined;
  /** The client's `x-request-id` where it is sane, else the gateway's id. */
  readonly correlationId: string;
  readonly traceId: string | undefined;
  /** True for the first request of an environment that was not initialised ahead of time. */
  readonly coldStart: boolean;
  /** Values of headers that are credentials: no line shows them. */
  secrets(): readonly string[];
  /** Values of the query and words of the body: no error that quotes what it was given carries them into a line. */
  inputs(): readonly string[];
  /** The app said that it failed in a way it did not expect. */
  appFailed: boolean;
}

const storage = new AsyncLocalStorage<Scope>();

/** Runs `work` with `scope` as what `currentScope()` answers, across every await inside it. */
export function runInScope<P, T>(scope: Scope, work: (parameter: P) => T, parameter: P): T {
  return storage.run(scope, work, parameter);
}

export function currentScope(): Scope | undefined {
  return storage.getStore();
}
