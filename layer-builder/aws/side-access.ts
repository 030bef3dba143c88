/** What stands around a function, as the deployer reaches it: its role, its log group, alarms. */
import type { Caller } from './calls.ts';
import { makeCaller } from './calls.ts';
import type { AwsClients } from './clients.ts';
import type { SignedCall } from './signed.ts';
import { openSigned, signedServices } from './signed.ts';

export interface SideAccess {
  readonly call: Caller;
  readonly iam: SignedCall;
  readonly logs: SignedCall;
  readonly cloudwatch: SignedCall;
}

export function openSide(
  clients: AwsClients,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal | undefined,
): SideAccess {
  return {
    call: makeCaller(clients, { signal }),
    iam: openSigned(clients, env, signedServices.iam),
    logs: openSigned(clients, env, signedServices.logs),
    cloudwatch: openSigned(clients, env, signedServices.cloudwatch),
  };
}
