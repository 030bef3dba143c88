/** A secret that the environment gives literally or as a reference `${ssm:/path}`. */
import { createBucket } from '../http/bucket.ts';

/** Reads the current value, or undefined when there is none. Throws when a reference cannot be resolved. */
export interface Secret {
  readonly isReference: boolean;
  read(): Promise<string | undefined>;
  /** Reads anew if the allowance permits: what a mismatch of keys asks for. True when the value changed. */
  refresh(): Promise<boolean>;
}

/** Fetches the value behind the path of a reference. */
export type Resolve = (path: string) => Promise<string>;

type Clock = () => number;

const reference = /^\$\{ssm:(\/[A-Za-z0-9._/-]{1,1000})\}$/;
/** Milliseconds after which a value is read again: a key removed from the store is refused then at the latest. */
const maxAge = 300_000;
/** Milliseconds before a failed reading is tried again while an older value is at hand. */
const retryAfter = 10_000;
/** Wrong keys ask for fresh readings: three at once, one in 30 s after that, so that strangers cannot flood the store. */
const refreshes = { atOnce: 3, perSecond: 1 / 30 };

/**
 * Makes a secret of a text of the environment. A text that looks like a reference but is none (`${…`) has no value:
 * the literal of a reference is never accepted as a key.
 */
export function createSecret(
  text: string | undefined,
  resolve: Resolve,
  now: Clock = () => process.uptime() * 1000,
): Secret {
  const path = reference.exec(text ?? '')?.[1];
  if (path !== undefined) return createReference(path, resolve, now);
  const value = text?.trimStart().startsWith('${') ? undefined : text;
  return { isReference: false, read: async () => value, refresh: async () => false };
}

function createReference(path: string, resolve: Resolve, now: Clock): Secret {
  const allowance = createBucket(refreshes.atOnce, refreshes.perSecond, now);
  let known: { readonly value: string; readonly at: number } | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<string> | undefined;

  async function fetchValue(): Promise<string> {
    try {
      const value = await resolve(path);
      known = { value, at: now() };
      return value;
    } catch (error) {
      failedAt = now();
      throw error;
    } finally {
      pending = undefined;
    }
  }

  return {
    isReference: true,
    async read() {
      if (known && (now() - known.at < maxAge || now() - failedAt < retryAfter)) return known.value;
      pending ??= fetchValue();
      try {
        return await pending;
      } catch (error) {
        // A store that does not answer must not lock out everyone while the last value is at hand.
        if (known) return known.value;
        throw error;
      }
    },
    async refresh() {
      if (allowance.take() > 0) return false;
      const before = known?.value;
      pending ??= fetchValue();
      return (await pending) !== before;
    },
  };
}
