/** The two clocks the loader needs: a monotonic one for every bound, the wall clock for signatures alone. */

export interface Clock {
  /** Monotonic milliseconds with fractions; it does not jump when the environment is thawed. */
  readonly monotonic: () => number;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
  /** Settles after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
};
