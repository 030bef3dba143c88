/** A process of its own that loads what a lock says and prints one JSON line about it. Started by load-process.ts. */
import { existsSync, readFileSync } from 'node:fs';
import { defaultLimits, readSettings } from '../../handler/environment.ts';
import type { HandlerError } from '../../handler/errors.ts';
import type { LoaderEvent } from '../../handler/loader.ts';
import { resolveDependencies } from '../../handler/loader.ts';
import { checkLock } from '../../handler/lock.ts';
import { isTwoThreads, twoThreads } from './threads.ts';

const { LOAD_LOCK = '', LOAD_LIMITS = '{}', LOAD_IMPORT = '', LOAD_THEN = '' } = process.env;
const events: LoaderEvent[] = [];
const settings = {
  ...readSettings(process.env),
  ...(isTwoThreads ? twoThreads : {}),
  limits: { ...defaultLimits, ...JSON.parse(LOAD_LIMITS) },
  log: (event: LoaderEvent) => events.push(event),
};
try {
  const { artifacts } = await resolveDependencies(checkLock(readFileSync(LOAD_LOCK, 'utf8')), settings);
  const sources = Object.fromEntries(artifacts.map(({ name, source }) => [name, source]));
  const imported = LOAD_IMPORT === '' ? undefined : (await import(LOAD_IMPORT)).default;
  if (LOAD_THEN === 'die') process.kill(process.pid, 'SIGKILL');
  print({ sources, imported });
} catch (caught) {
  const { name, code, message, hint, details, stack } = caught as HandlerError;
  print({ error: { name, code, message, hint, details, stack: code === undefined ? stack : undefined } });
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify({ ...result, events, peakKb: peakKb() })}\n`);
}

/** Linux's own high-water mark of this program; `maxRSS` would be that of the process that forked it, if larger. */
function peakKb(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
}
