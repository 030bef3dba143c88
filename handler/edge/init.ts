/** The init phase as a state: ready, or failed and tried again later. It never rejects, so the environment stays. */
import { isCodedError } from '../../artifact/error.ts';

export type InitState<T> =
  | { readonly kind: 'ready'; readonly value: T }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly error: unknown;
      readonly retryAfterSeconds: number;
    };

export interface Init<T> {
  /** The state as it is, without trying anything: what a warm request asks. */
  readonly state: () => InitState<T>;
  /**
   * Tries again where the last attempt failed, its back-off is over and `remainingMs` leaves time for it. Concurrent
   * callers share one attempt.
   */
  readonly ensure: (remainingMs: number) => Promise<InitState<T>>;
}

export interface InitOptions<T> {
  /** One attempt, over within so many milliseconds (infinite in the init phase: the loader has a bound of its own). `attempt` counts from 1. */
  readonly run: (deadlineMs: number, attempt: number) => Promise<T>;
  /** Told of each failure, once. */
  readonly onFailure: (error: unknown, attempt: number, retryAfterSeconds: number) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Kept back from an attempt inside an invocation: the 503 has to leave in time. */
const reserveMs = 1000;
/** Less than this is not worth an attempt. */
const worthwhileMs = 500;
const firstBackoffMs = 1000;
const backoffCapMs = 30_000;

/** Runs the first attempt and answers with what came of it. Never rejects. */
export async function startInit<T>(options: InitOptions<T>): Promise<Init<T>> {
  let attempts = 0;
  let retryAt = 0;
  let running: Promise<InitState<T>> | undefined;
  let state = await attempt(Number.POSITIVE_INFINITY);

  async function attempt(deadlineMs: number): Promise<InitState<T>> {
    attempts += 1;
    try {
      return { kind: 'ready', value: await options.run(deadlineMs, attempts) };
    } catch (error) {
      const backoffMs = Math.min(firstBackoffMs * 2 ** (attempts - 1), backoffCapMs);
      retryAt = options.now() + backoffMs;
      options.onFailure(error, attempts, Math.ceil(backoffMs / 1000));
      return failed(error, backoffMs);
    }
  }

  return {
    state: () => state,
    async ensure(remainingMs) {
      if (state.kind === 'ready') return state;
      if (running !== undefined) return await running;
      const waitMs = retryAt - options.now();
      const deadlineMs = remainingMs - reserveMs;
      if (waitMs > 0 || deadlineMs < worthwhileMs) return failed(state.error, Math.max(waitMs, 0));
      running = attempt(deadlineMs);
      state = await running;
      running = undefined;
      return state;
    },
  };
}

function failed<T>(error: unknown, waitMs: number): InitState<T> {
  const code = isCodedError(error) ? error.code : 'INIT_FAILED';
  return { kind: 'failed', code, error, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}
