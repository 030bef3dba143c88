/** The two clocks the loader needs: a monotonic one for every bound, the wall clock for signatures alone. */

export interface Clock {
  /** Monotonic milliseconds with fractions; it does not jump when the environment is thawed. */
  readonly monotonic: () => number;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
  /** Settles after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Monotonic milliseconds with fractions, from an arbitrary start. Not `performance.now()`: the first look at
 * `performance` loads perf_hooks, 2.4 ms of processor in every cold start whose app does without.
 */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

export const systemClock: Clock = {
  monotonic,
  wall: () => Date.now(),
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
};
