/**
 * The one shape of every expected failure: a code from a closed set, facts, a cause and a next step.
 * Each room closes its own union of codes over it (handler/errors.ts, layer-builder/errors.ts).
 */
export interface ErrorFacts {
  /** What to do next, as one sentence; never a secret. */
  readonly hint?: string | undefined;
  /** Machine-readable facts: what was expected, what was found, with units in the key names. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A failure that was foreseen. `message` says what happened with expected and found; `hint` what to do next. */
export class CodedError<Code extends string = string> extends Error {
  override readonly name: string = 'CodedError';
  readonly code: Code;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: Code, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint;
    this.details = facts.details ?? {};
  }
}

/** True for any foreseen failure, whichever room it comes from. */
export function isCodedError(value: unknown): value is CodedError {
  return value instanceof CodedError;
}
