/** At most so many calls in any one second: the Lambda control plane refuses more, for the whole account. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until one more call may be made; rejects when the signal is aborted. */
export type Pace = (signal?: AbortSignal) => Promise<void>;

/** Monotonic time in milliseconds and a way to wait; tests bring their own. */
export interface PaceClock {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: PaceClock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {});
  },
};

/**
 * A sliding window: no window of one second ever holds more than `perSecond` calls. Lambda allows 15 a second per
 * account and region over all control plane calls, not raisable; ours leaves room for others.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
 */
export function makePace(perSecond: number, clock: PaceClock = systemClock): Pace {
  const times: number[] = [];
  return async signal => {
    const now = clock.now();
    const earliest = times.length < perSecond ? now : Math.max(now, (times[0] ?? 0) + 1000);
    if (times.length >= perSecond) times.shift();
    // Booked before waiting, so that concurrent callers line up behind one another.
    times.push(earliest);
    if (earliest > now) await clock.sleep(earliest - now, signal);
  };
}
