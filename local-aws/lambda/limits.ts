/** Lambda's limits and grammars, with its own error names and words. Pure. */
import { constraint, invalid, LambdaError } from './errors.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const limits = {
  layers: 5,
  /** Bytes of function and layers together, unzipped. */
  unzipped: 262_144_000,
  /** Bytes of a request that carries a zip: 50 MB of it in base64. */
  upload: 70_167_211,
  uploadUpdate: 69_905_067,
  /** Bytes of the zip itself, in a request. */
  zipped: 52_428_800,
  /** Bytes of names and values of all environment variables. */
  environment: 4096,
  /** Bytes of an invocation's payload, synchronous and asynchronous. */
  payload: 6_291_456,
  eventPayload: 1_048_576,
  /** Environments at once, here. A new AWS account has 10, an old one 1,000. */
  concurrency: 32,
} as const;

/** The runtimes that run here. */
export const runtimes = ['nodejs24.x', 'nodejs22.x'] as const;
const closedRuntimes = /^nodejs(4\.3|6\.10|8\.10|10\.x|12\.x|14\.x|16\.x|18\.x|20\.x)?(-edge)?$/;

/** Names that only Lambda sets. */
const reservedVariables = new Set(
  `_HANDLER _X_AMZN_TRACE_ID AWS_DEFAULT_REGION AWS_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_NAME
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE
  AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
  AWS_SESSION_TOKEN AWS_LAMBDA_RUNTIME_API LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR`.split(/\s+/),
);

export function checkRuntime(runtime: string): string {
  if ((runtimes as readonly string[]).includes(runtime)) return runtime;
  if (closedRuntimes.test(runtime)) {
    throw invalid(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  }
  throw invalid(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${runtimes.join(', ')}] (the runtimes of local-aws)`,
  );
}

export function checkHandler(handler: string): string {
  if (/^[^\s]{1,128}$/.test(handler)) return handler;
  throw constraint(handler, 'handler', 'satisfy regular expression pattern: [^\\s]+');
}

export function checkRole(role: string): string {
  if (/^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(role)) return role;
  throw constraint(
    role,
    'role',
    'satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+',
  );
}

export function checkRange(value: number, at: string, least: number, most: number): number {
  if (value < least) throw constraint(value, at, `have value greater than or equal to ${least}`);
  if (value > most) throw constraint(value, at, `have value less than or equal to ${most}`);
  return value;
}

export function checkEnvironment(
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const names = Object.keys(variables);
  const odd = names.find(name => !/^[a-zA-Z]\w+$/.test(name));
  if (odd !== undefined) {
    throw constraint(
      names.join(', '),
      'environment.variables',
      'satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]',
    );
  }
  const reserved = names.filter(name => reservedVariables.has(name));
  const failed =
    'Lambda was unable to configure your environment variables because the environment variables you have provided';
  if (reserved.length > 0) {
    throw invalid(
      `${failed} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  // AWS's message repeats the variables; they may be secrets and this text reaches logs, so only their size is said.
  const size = Object.entries(variables).reduce(
    (sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v),
    0,
  );
  if (size > limits.environment) throw invalid(`${failed} exceeded the 4KB limit. Bytes measured: ${size}`);
  return variables;
}

export function checkUnzipped(code: number, layers: number): void {
  if (code > limits.unzipped) throw invalid(`Unzipped size must be smaller than ${limits.unzipped} bytes`);
  if (code + layers > limits.unzipped) {
    throw invalid(
      `Function code combined with layers exceeds the maximum allowed size of ${limits.unzipped} bytes. The actual size is ${code + layers} bytes.`,
    );
  }
}

export function checkZipped(bytes: number): void {
  if (bytes <= limits.zipped) return;
  throw new LambdaError(
    413,
    'RequestEntityTooLargeException',
    `Zipped size must be smaller than ${limits.zipped} bytes`,
  );
}

export function tooLarge(bytes: number, operation: string): LambdaError {
  return new LambdaError(
    413,
    operation.startsWith('Invoke') ? 'RequestTooLargeException' : 'RequestEntityTooLargeException',
    `Request must be smaller than ${bytes} bytes for the ${operation} operation`,
  );
}
