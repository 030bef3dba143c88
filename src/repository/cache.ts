/** A small memory of snapshots for one execution environment: bounded by weight, the least recently used goes first. */

export interface Cache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value, weight: number): void;
}

/** `capacity` in bytes; what is heavier than that is not kept. */
export function createCache<Value>(capacity: number): Cache<Value> {
  // A Map keeps the order of insertion: the first is the one unused for longest.
  const entries = new Map<string, { readonly value: Value; readonly weight: number }>();
  let total = 0;

  function remove(key: string): void {
    total -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, weight) {
      remove(key);
      if (weight > capacity) return;
      entries.set(key, { value, weight });
      total += weight;
      for (const oldest of entries.keys()) {
        if (total <= capacity) return;
        remove(oldest);
      }
    },
  };
}
