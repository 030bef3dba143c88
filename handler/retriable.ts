/** Which failures a later try may cure, and the one error for several artifacts that failed together. */
import type { LockArtifact } from '../artifact/lock.ts';
import type { HandlerErrorCode } from './errors.ts';
import { HandlerError } from './errors.ts';

/** A fault of the moment, or one that an operator cures without a redeploy (a permission, a bucket, an object). */
const curable: ReadonlySet<HandlerErrorCode> = new Set<HandlerErrorCode>([
  'DEPS_ACCESS_DENIED',
  'DEPS_NOT_FOUND',
  'DEPS_NO_BUCKET',
  'DEPS_THROTTLED',
  'DEPS_UNREACHABLE',
  'DEPS_TIMEOUT',
  'DEPS_DIGEST',
  'DEPS_CLOCK',
  'DEPS_CREDS',
  'DEPS_RESPONSE',
  'DEPS_NOSPACE',
  'DEPS_TOO_MANY_FILES',
  'DEPS_DISK',
]);

/** True when calling `resolveDependencies` again, later, may succeed without a redeploy. */
export function isRetriable(error: unknown): boolean {
  if (!(error instanceof HandlerError)) return false;
  if (error.code !== 'DEPS_INCOMPLETE') return curable.has(error.code);
  const outcomes = error.details['outcomes'] as readonly { code: HandlerErrorCode | null }[];
  return outcomes.every(({ code }) => code === null || curable.has(code));
}

export interface Failure {
  readonly name: string;
  readonly error: unknown;
}

/** One artifact wanted: its own error. Several: `DEPS_INCOMPLETE`, with the outcome of each. */
export function incomplete(wanted: readonly LockArtifact[], failures: readonly Failure[]): unknown {
  const [first] = failures;
  if (wanted.length === 1 || first === undefined) return first?.error;
  const outcomes = wanted.map(({ name }) => {
    const error = failures.find(failure => failure.name === name)?.error;
    if (error === undefined) return { name, code: null };
    if (!(error instanceof HandlerError)) return { name, code: 'INTERNAL', message: String(error) };
    return { name, code: error.code, message: error.message, hint: error.hint, details: error.details };
  });
  const failed = outcomes.filter(({ code }) => code !== null).map(({ name, code }) => `${name} ${code}`);
  const { hint } = first.error as Partial<HandlerError>;
  return new HandlerError(
    'DEPS_INCOMPLETE',
    `not all artifacts could be loaded (expected ${wanted.length}, found ${wanted.length - failures.length}; failed: ${failed.join(', ')})`,
    { hint, details: { outcomes }, cause: first.error },
  );
}
