/** An error that a caller of the small services sees. */

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** AWS's own name, e.g. `ResourceNotFoundException`. */
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
