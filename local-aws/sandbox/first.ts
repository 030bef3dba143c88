/** A race of a promise, the end of a process and the clock. */
import type { Exit, Sandboxed } from './types.ts';

/** What happens first: the promise, the end of the process, or the limit in milliseconds. */
export async function first<T>(
  limitMs: number,
  child: Sandboxed,
  promise: Promise<T>,
): Promise<{ kind: 'done'; value: T } | { kind: 'exit'; exit: Exit } | { kind: 'timeout' }> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise.then(value => ({ kind: 'done' as const, value })),
      child.exited.then(exit => ({ kind: 'exit' as const, exit })),
      new Promise<{ kind: 'timeout' }>(resolve => {
        timer = setTimeout(() => resolve({ kind: 'timeout' }), Math.max(0, limitMs));
      }),
    ]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}
