/** The program of the child process behind `load`: the handler's loader and nothing else. Answers over IPC. */
import { readFileSync } from 'node:fs';
import { isCodedError } from '../../artifact/error.ts';
import { parseLock } from '../../artifact/lock.ts';
import { readSettings } from '../../handler/environment.ts';
import { resolveDependencies } from '../../handler/loader.ts';
import type { LoadAnswer } from './index.ts';

process.send?.(await answer());
process.disconnect?.();

async function answer(): Promise<LoadAnswer> {
  try {
    const lock = parseLock(readFileSync(process.argv[2] ?? '', 'utf8'));
    const started = performance.now();
    const dependencies = await resolveDependencies(lock, readSettings(process.env));
    for (const { name, load } of lock.artifacts) if (load === 'lazy') await dependencies.load(name);
    return { ok: true, ms: performance.now() - started, artifacts: [...dependencies.artifacts] };
  } catch (error) {
    if (!isCodedError(error)) return { ok: false, code: 'INTERNAL', message: String(error), details: {} };
    const { code, message, hint, details } = error;
    return { ok: false, code, message, ...(hint === undefined ? {} : { hint }), details };
  }
}
