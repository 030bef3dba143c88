/** Replaces functions of node:fs in this thread until the test ends; for serial tests only. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { ExecutionContext } from 'ava';

type Call = (...args: never[]) => unknown;

/** `around` gets the real function and the arguments of each call. Returns what undoes it early. */
export function stubFs(
  t: ExecutionContext,
  name: keyof typeof fs,
  around: (real: (...args: unknown[]) => unknown, ...args: unknown[]) => unknown,
): () => void {
  const real = fs[name] as unknown as (...args: unknown[]) => unknown;
  const put = (call: Call): void => {
    Object.assign(fs, { [name]: call });
    syncBuiltinESMExports();
  };
  put((...args: unknown[]) => around(real, ...args));
  const undo = (): void => put(real);
  t.teardown(undo);
  return undo;
}

/** Throws as the file system does. */
export function failWith(code: string): never {
  throw Object.assign(new Error(`${code}: stub`), { code });
}
