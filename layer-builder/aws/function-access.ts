/** How the deployer talks to Lambda: paced, repeated where that may help, some errors taken as answers. */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Call, Caller, SendOptions } from './calls.ts';
import { nameOf } from './failures.ts';
import type { PaceClock } from './pace.ts';

/** A client and the caller that paces it and repeats what may be repeated. */
export interface FunctionAccess {
  readonly lambda: LambdaClient;
  readonly call: Caller;
  /** @default the system's */
  readonly clock?: PaceClock;
}

/** Errors that are answers here: nothing there, somebody else was faster. They arrive as AWS sent them. */
const answers = new Set([
  'ResourceNotFoundException',
  'ResourceConflictException',
  'PreconditionFailedException',
  'InvalidParameterValueException',
]);

/** Milliseconds for one control-plane call; creating a function copies its code. */
const callMs = 30_000;

/** One call about the function `name`; `action` is its name in IAM, e.g. `GetAlias`. */
export function run<Answer>(
  aws: FunctionAccess,
  action: string,
  name: string,
  send: (options: SendOptions) => Promise<Answer>,
  how: Pick<Call<Answer>, 'timeoutMs' | 'recover'> = {},
): Promise<Answer> {
  const expected = (error: unknown) => answers.has(nameOf(error));
  return aws.call({ action: `lambda:${action}`, resource: name, timeoutMs: callMs, expected, ...how }, send);
}

/** The answer, or undefined when there is no such thing. */
export async function absent<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (nameOf(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
