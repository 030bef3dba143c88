/** A secret that the environment gives literally or as a reference `${ssm:/path}`. */

/** Reads the current value, or undefined when there is none. Throws when a reference cannot be resolved. */
export interface Secret {
  readonly isReference: boolean;
  read(): Promise<string | undefined>;
  /** Reads anew, at most once in ten seconds: what a mismatch of keys asks for. True when the value changed. */
  refresh(): Promise<boolean>;
}

/** Fetches the value behind the path of a reference. */
export type Resolve = (path: string) => Promise<string>;

const reference = /^\$\{ssm:(\/[A-Za-z0-9._/-]{1,1000})\}$/;
/** Milliseconds. A value removed or rotated in the store stops being valid here after the first figure at the latest. */
const maxAge = 300_000;
const minAge = 10_000;

/**
 * Makes a secret of a text of the environment. A text that looks like a reference but is none (`${…`) has no value:
 * the literal of a reference is never accepted as a key.
 */
export function createSecret(
  text: string | undefined,
  resolve: Resolve,
  now: () => number = () => performance.now(),
): Secret {
  const path = reference.exec(text ?? '')?.[1];
  if (path !== undefined) return createReference(path, resolve, now);
  const value = text?.trimStart().startsWith('${') ? undefined : text;
  return { isReference: false, read: async () => value, refresh: async () => false };
}

function createReference(path: string, resolve: Resolve, now: () => number): Secret {
  let known: { readonly value: string; readonly at: number } | undefined;
  let pending: Promise<string> | undefined;
  let lastTry = Number.NEGATIVE_INFINITY;

  function fetchValue(): Promise<string> {
    lastTry = now();
    pending ??= resolve(path)
      .then(value => {
        known = { value, at: now() };
        return value;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  }

  return {
    isReference: true,
    async read() {
      if (known && now() - known.at < maxAge) return known.value;
      if (known && now() - lastTry < minAge) return known.value;
      try {
        return await fetchValue();
      } catch (error) {
        // A store that does not answer must not lock out everyone while the last value is at hand.
        if (known) return known.value;
        throw error;
      }
    },
    async refresh() {
      if (now() - lastTry < minAge) return false;
      const before = known?.value;
      return (await fetchValue()) !== before;
    },
  };
}
