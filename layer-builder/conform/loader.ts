/** Our own loader behind the protocol of `conform`: reads the lock, resolves, prints one line. */
import { readFileSync } from 'node:fs';
import { readSettings } from '../../handler/environment.ts';
import { HandlerError } from '../../handler/errors.ts';
import { resolveDependencies } from '../../handler/loader.ts';
import { checkLock } from '../../handler/lock.ts';

try {
  const lock = checkLock(readFileSync(process.env['DEPS_LOCK'] ?? 'deps.lock.json', 'utf8'));
  const { artifacts } = await resolveDependencies(lock, readSettings(process.env));
  answer({ ok: true, artifacts: artifacts.map(({ name, root, source }) => ({ name, root, source })) });
} catch (error) {
  if (!(error instanceof HandlerError)) throw error;
  const { code, message, hint, details } = error;
  answer({ ok: false, error: { code, message, hint, details } });
  process.exitCode = 1;
}

function answer(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
