/** So many at once; the others wait for their turn, and where too many wait already, one is told to come back. */
import { HttpError } from '../http/errors.ts';

export interface Turns {
  /** Runs `work` when it is its turn. Throws `HttpError` 429 when too many wait. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

/** Seconds; about as long as a large archive takes. */
const retryAfter = '5';

export function createTurns(atOnce: number, mostWaiting: number): Turns {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async take(work) {
      if (running >= atOnce) {
        if (waiting.length >= mostWaiting) {
          throw new HttpError(429, 'Too many archives are being read', {
            headers: { 'Retry-After': retryAfter },
          });
        }
        await new Promise<void>(resolve => waiting.push(resolve));
      } else running += 1;
      try {
        return await work();
      } finally {
        // The turn is handed on, so that nobody who comes now is before those who wait.
        const next = waiting.shift();
        if (next) next();
        else running -= 1;
      }
    },
  };
}
