/** Lambda's errors as its API answers them: a status, a type in `x-amzn-errortype`, and a JSON body. */

/** An error that the caller sees, in AWS's own words where they are known. */
export class LambdaError extends Error {
  override readonly name = 'LambdaError';
  readonly status: number;
  readonly type: string;
  /** Further fields of the body, e.g. `Reason` of a throttled call. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, type: string, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.fields = fields;
  }
}

export function notFound(message: string): LambdaError {
  return new LambdaError(404, 'ResourceNotFoundException', message);
}

export function conflict(message: string): LambdaError {
  return new LambdaError(409, 'ResourceConflictException', message);
}

export function invalid(message: string): LambdaError {
  return new LambdaError(400, 'InvalidParameterValueException', message);
}

/** A field that breaks its own constraint, in the words of AWS's request validation. */
export function constraint(value: unknown, at: string, rule: string): LambdaError {
  return violation(value, at, `Member must ${rule}`);
}

/** The same with the whole rule: of a list or a map AWS says more than of a member. */
export function violation(value: unknown, at: string, rule: string): LambdaError {
  return new LambdaError(
    400,
    'ValidationException',
    `1 validation error detected: Value ${shown(value)} at '${at}' failed to satisfy constraint: ${rule}`,
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `'[${value.join(', ').slice(0, 300)}]'`;
  return `'${(typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 300)}'`;
}

/** `apis` are those that tell the present revision. */
export function stale(apis = 'GetFunction/GetAlias'): LambdaError {
  return new LambdaError(
    412,
    'PreconditionFailedException',
    `The Revision Id provided does not match the latest Revision Id. Call the ${apis} API to retrieve the latest Revision Id`,
  );
}
