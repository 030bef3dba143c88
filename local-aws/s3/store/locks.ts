/** One at a time per name: turns a read, a decision and a write into one step. */

export type WithLock = <T>(name: string, task: () => Promise<T>) => Promise<T>;

/** Creates a set of locks that live in this process; tasks of one name run in the order they came. */
export function createLocks(): WithLock {
  const tails = new Map<string, Promise<void>>();
  return async (name, task) => {
    const before = tails.get(name);
    const { promise: turn, resolve: release } = Promise.withResolvers<void>();
    tails.set(name, turn);
    await before;
    try {
      return await task();
    } finally {
      release();
      if (tails.get(name) === turn) tails.delete(name);
    }
  };
}
