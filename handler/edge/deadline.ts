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
 * @param remainingMs of the invocation; infinite where nobody says, which expires never
 * @param now the time at which so much remained, monotonic milliseconds
 */
export function startDeadline(
  remainingMs: number,
  expire: () => void,
  now: number = performance.now(),
): Deadline {
  let controller: AbortController | undefined;
  let aborted: Error | undefined;
  const abort = (reason: Error) => {
    aborted ??= reason;
    controller?.abort(aborted);
  };
  const watch: Watch = {
    dueAt: now + Math.max(0, remainingMs - marginMs),
    expire() {
      abort(new DOMException('the function is about to time out', 'TimeoutError'));
      expire();
    },
  };
  if (Number.isFinite(remainingMs)) open(watch);
  return {
    signal: () => {
      if (controller === undefined) {
        controller = new AbortController();
        if (aborted !== undefined) controller.abort(aborted);
      }
      return controller.signal;
    },
    abort,
    clear: () => close(watch),
  };
}

interface Watch {
  /** Monotonic milliseconds. */
  readonly dueAt: number;
  readonly expire: () => void;
}

/**
 * One timer for all requests, set for the one that is due first and left alone when that one is answered: to make and
 * remove a timer takes a tenth of a warm request. It keeps the process alive only while a request is open.
 */
const watches = new Set<Watch>();
let timer: NodeJS.Timeout | undefined;
let firesAt = Number.POSITIVE_INFINITY;

function open(watch: Watch): void {
  watches.add(watch);
  if (watch.dueAt < firesAt) arm(watch.dueAt);
  else if (watches.size === 1) timer?.ref();
}

function close(watch: Watch): void {
  if (watches.delete(watch) && watches.size === 0) timer?.unref();
}

function arm(dueAt: number): void {
  clearTimeout(timer);
  firesAt = dueAt;
  // timers are whole milliseconds and may come early by a part of one
  timer = setTimeout(fire, Math.ceil(Math.max(0, dueAt - performance.now())));
}

function fire(): void {
  timer = undefined;
  firesAt = Number.POSITIVE_INFINITY;
  const now = performance.now();
  const due = [...watches].filter(watch => watch.dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
  for (const watch of due) watches.delete(watch);
  const next = Math.min(...[...watches].map(watch => watch.dueAt));
  if (Number.isFinite(next)) arm(next);
  for (const watch of due) watch.expire();
}

/** Milliseconds left of an invocation, infinite where the context does not say. */
export function remainingTime(context: unknown): number {
  const read = (context as { getRemainingTimeInMillis?: unknown } | null | undefined)
    ?.getRemainingTimeInMillis;
  const ms: unknown = typeof read === 'function' ? read.call(context) : undefined;
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : Number.POSITIVE_INFINITY;
}
