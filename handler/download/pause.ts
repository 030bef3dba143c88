/** R4: how long to wait before the next attempt. Pure but for the source of chance it is given. */
import type { DownloadLimits } from '../settings.ts';

/**
 * Full jitter: anything from nothing to a ceiling that doubles with each attempt.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function pauseMs(
  attempts: number,
  limits: Pick<DownloadLimits, 'backoffMs' | 'backoffCapMs'>,
  random: () => number,
): number {
  return random() * Math.min(limits.backoffCapMs, limits.backoffMs * 2 ** (attempts - 1));
}
