/** Does this process run what the lock was built for? Native packages of another Node or processor crash, not throw. */
import type { Lock } from '../artifact/lock.ts';
import { HandlerError } from './errors.ts';

const processors: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'arm64' };

/** Throws `DEPS_RUNTIME_MISMATCH` when the lock names another major version of Node or another architecture. */
export function checkRuntime(
  lock: Pick<Lock, 'runtime' | 'architecture'>,
  here: { readonly version: string; readonly arch: string } = {
    version: process.versions.node,
    arch: process.arch,
  },
): void {
  const runtime = `nodejs${here.version.split('.', 1)[0]}.x`;
  const architecture = processors[here.arch] ?? here.arch;
  if (runtime === lock.runtime && architecture === lock.architecture) return;
  const expected = `${lock.runtime} ${lock.architecture}`;
  throw new HandlerError(
    'DEPS_RUNTIME_MISMATCH',
    `the dependencies were built for another runtime (expected ${expected}, found ${runtime} ${architecture})`,
    {
      hint: 'set runtime and architecture in layer-builder.config as the function has them, then build and deploy',
      details: { expected, found: `${runtime} ${architecture}` },
    },
  );
}
