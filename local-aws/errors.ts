/** Failures of the program itself that were foreseen: a code, facts and a next step. AWS's errors are another matter. */

export type LocalAwsErrorCode =
  | 'PORT_TAKEN'
  | 'RUNTIME_CLIENT_MISSING'
  | 'SANDBOX_UNAVAILABLE'
  | 'SANDBOX_FAILED'
  | 'DATA_UNREADABLE';

/** `details` holds facts for machines, e.g. `{port, option}` of a port that is taken. */
export class LocalAwsError extends Error {
  override readonly name = 'LocalAwsError';
  readonly code: LocalAwsErrorCode;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: LocalAwsErrorCode,
    message: string,
    facts: { hint: string; details?: Readonly<Record<string, unknown>>; cause?: unknown },
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint;
    this.details = facts.details ?? {};
  }
}
