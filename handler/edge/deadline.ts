/** The function's time-out, seen early enough to answer. */

/** Time kept back to send the answer. */
export const marginMs = 500;

export interface Deadline {
  readonly signal: () => AbortSignal;
  /** Aborts the signal now: the client is gone. */
  readonly abort: (reason: Error) => void;
  /** Stops the timer. The signal stays as it is. */
  readonly clear: () => void;
}

/**
 * Calls `expire` 500 ms before the function's time-out and aborts the signal. The signal is made on first use: most
 * requests never ask for it.
 * @param remainingMs of the invocation; infinite where nobody says, which sets no timer
 */
export function startDeadline(remainingMs: number, expire: () => void): Deadline {
  let controller: AbortController | undefined;
  let aborted: Error | undefined;
  const abort = (reason: Error) => {
    aborted ??= reason;
    controller?.abort(aborted);
  };
  const timer = Number.isFinite(remainingMs)
    ? setTimeout(
        () => {
          abort(new DOMException('the function is about to time out', 'TimeoutError'));
          expire();
        },
        Math.max(0, remainingMs - marginMs),
      )
    : undefined;
  return {
    signal: () => {
      if (controller === undefined) {
        controller = new AbortController();
        if (aborted !== undefined) controller.abort(aborted);
      }
      return controller.signal;
    },
    abort,
    clear: () => clearTimeout(timer),
  };
}

/** Milliseconds left of an invocation, infinite where the context does not say. */
export function remainingTime(context: unknown): number {
  const read = (context as { getRemainingTimeInMillis?: unknown } | null | undefined)
    ?.getRemainingTimeInMillis;
  const ms: unknown = typeof read === 'function' ? read.call(context) : undefined;
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : Number.POSITIVE_INFINITY;
}
