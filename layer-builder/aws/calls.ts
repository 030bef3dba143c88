/** One AWS call: paced, bounded in time, repeated where that can help, its failure in our words. */
import { isCodedError } from '../../artifact/error.ts';
import type { AwsClients } from './clients.ts';
import { failureOf, retryAfterOf, transienceOf } from './failures.ts';
import type { Pace, PaceClock } from './pace.ts';
import { makePace, systemClock } from './pace.ts';

export interface Call<Answer> {
  /** IAM action, e.g. `lambda:PublishLayerVersion`. */
  readonly action: string;
  readonly resource: string;
  /** For one attempt, in milliseconds. @default 4000 */
  readonly timeoutMs?: number;
  /** Errors that the caller understands itself: thrown as AWS sent them. */
  readonly expected?: (error: unknown) => boolean;
  /**
   * For a call that must not happen twice: asked before a repetition, because the answer may have been lost after
   * the work was done. What it finds is the answer.
   */
  readonly recover?: () => Promise<Answer | undefined>;
}

/** What the SDK takes as the second argument of `send`. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout: number;
}

export type Caller = <Answer>(
  call: Call<Answer>,
  send: (options: SendOptions) => Promise<Answer>,
) => Promise<Answer>;

export interface CallerOptions {
  readonly signal?: AbortSignal | undefined;
  readonly clock?: PaceClock;
  /** Source of jitter, [0, 1). */
  readonly random?: () => number;
  readonly pace?: Pace;
}

/** Lambda's control plane: 10 calls a second and region, below AWS's 15. */
export const lambdaCallsPerSecond = 10;

const attempts = { no: 1, network: 3, timeout: 2, throttled: 8, server: 5 } as const;
const firstBackoffMs = 100;
const longestBackoffMs = 5000;

/** Makes the caller of one region. Waits between attempts have full jitter and honour `Retry-After`. */
export function makeCaller(clients: AwsClients, options: CallerOptions = {}): Caller {
  const { signal, clock = systemClock, random = Math.random } = options;
  const pace = options.pace ?? makePace(lambdaCallsPerSecond, clock);
  return async (call, send) => {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      if (call.action.startsWith('lambda:')) await pace(signal);
      try {
        const requestTimeout = call.timeoutMs ?? 4000;
        return await send(signal ? { abortSignal: signal, requestTimeout } : { requestTimeout });
      } catch (error) {
        signal?.throwIfAborted();
        if (isCodedError(error) || call.expected?.(error)) throw error;
        if (attempt >= attempts[transienceOf(error)]) {
          throw failureOf(error, { ...call, region: clients.region, endpoint: clients.endpoint });
        }
        await clock.sleep(backoffMs(attempt, random, retryAfterOf(error)), signal);
        const done = await call.recover?.();
        if (done !== undefined) return done;
      }
    }
  };
}

/** Full jitter under a doubling ceiling; never less than the server asked for, never more than 5 s. */
export function backoffMs(attempt: number, random: () => number, retryAfter = 0): number {
  const ceiling = Math.min(longestBackoffMs, firstBackoffMs * 2 ** attempt);
  return Math.min(longestBackoffMs, Math.max(retryAfter, random() * ceiling));
}
