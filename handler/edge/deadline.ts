/** The function's time-out, seen early enough to answer. */
import { monotonic } from '../clock.ts';

/** Time kept back to send the answer. */
export const marginMs = 500;

export interface Expiring {
  /** The time is up. */
  expire(): void;
}

/**
 * Calls `expire` of its owner 500 ms before the function's time-out and aborts the signal. The signal is made on first
 * use: most requests never ask for it.
 */
export class Deadline {
  /** Monotonic milliseconds. */
  readonly dueAt: number;
  readonly #owner: Expiring;
  #controller: AbortController | undefined;
  #aborted: Error | undefined;

  /**
   * @param remainingMs of the invocation; infinite where nobody says, which expires never
   * @param now the time at which so much remained, monotonic milliseconds
   */
  constructor(remainingMs: number, owner: Expiring, now: number = monotonic()) {
    this.dueAt = now + Math.max(0, remainingMs - marginMs);
    this.#owner = owner;
    if (Number.isFinite(remainingMs)) open(this);
  }

  signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /** Aborts the signal now: the client is gone. */
  abort(reason: Error): void {
    this.#aborted ??= reason;
    this.#controller?.abort(this.#aborted);
  }

  /** Stops the timer. The signal stays as it is. */
  clear(): void {
    close(this);
  }

  expire(): void {
    this.abort(new DOMException('the function is about to time out', 'TimeoutError'));
    this.#owner.expire();
  }
}

/**
 * One timer for all requests, set for the one that is due first and left alone when that one is answered: to make and
 * remove a timer takes a tenth of a warm request. It keeps the process alive only while a request is open.
 */
const watched = new Set<Deadline>();
let timer: NodeJS.Timeout | undefined;
let firesAt = Number.POSITIVE_INFINITY;

function open(deadline: Deadline): void {
  watched.add(deadline);
  if (deadline.dueAt < firesAt) arm(deadline.dueAt);
  else if (watched.size === 1) timer?.ref();
}

function close(deadline: Deadline): void {
  if (watched.delete(deadline) && watched.size === 0) timer?.unref();
}

function arm(dueAt: number): void {
  clearTimeout(timer);
  firesAt = dueAt;
  // timers are whole milliseconds and may come early by a part of one
  timer = setTimeout(fire, Math.ceil(Math.max(0, dueAt - monotonic())));
}

function fire(): void {
  timer = undefined;
  firesAt = Number.POSITIVE_INFINITY;
  const now = monotonic();
  const due = [...watched].filter(deadline => deadline.dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
  for (const deadline of due) watched.delete(deadline);
  const next = Math.min(...[...watched].map(deadline => deadline.dueAt));
  if (Number.isFinite(next)) arm(next);
  for (const deadline of due) deadline.expire();
}

/** Milliseconds left of an invocation, infinite where the context does not say. */
export function remainingTime(context: unknown): number {
  const read = (context as { getRemainingTimeInMillis?: unknown } | null | undefined)
    ?.getRemainingTimeInMillis;
  const ms: unknown = typeof read === 'function' ? read.call(context) : undefined;
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : Number.POSITIVE_INFINITY;
}
