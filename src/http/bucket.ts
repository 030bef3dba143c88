/** A token bucket: so many at once, so many a second after that. In memory, so it counts one execution environment. */

export interface Bucket {
  /** Takes one token and returns 0, or takes none and returns the seconds until there is one. */
  take(): number;
}

/** `now` in milliseconds, monotonic: a thawed environment must not see time run backwards. */
export function createBucket(
  capacity: number,
  perSecond: number,
  now: () => number = () => process.uptime() * 1000,
): Bucket {
  let tokens = capacity;
  let at = now();
  return {
    take() {
      const time = now();
      tokens = Math.min(capacity, tokens + ((time - at) / 1000) * perSecond);
      at = time;
      if (tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      return (1 - tokens) / perSecond;
    },
  };
}
