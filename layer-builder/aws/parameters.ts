/** The role ParameterStore on SSM. */
import type { Caller } from './calls.ts';
import type { AwsClients } from './clients.ts';
import { openSigned, signedServices } from './signed.ts';

export interface ParameterStore {
  /** Values by name; a parameter that does not exist is absent. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Creates or replaces a parameter of type String. */
  write(name: string, value: string): Promise<void>;
}

/** GetParameters takes at most ten names. */
const mostNames = 10;

/** `AWS_ENDPOINT_URL_SSM` and `AWS_ENDPOINT_URL` as for the other services. Throws what every call throws. */
export function openParameterStore(
  clients: AwsClients,
  call: Caller,
  env: NodeJS.ProcessEnv,
): ParameterStore {
  const send = openSigned(clients, env, signedServices.ssm);
  return {
    async read(names) {
      const found = new Map<string, string>();
      for (let from = 0; from < names.length; from += mostNames) {
        const Names = names.slice(from, from + mostNames);
        const about = { action: 'ssm:GetParameters', resource: Names.join(', ') };
        const answer = JSON.parse(
          await call(about, options => send('GetParameters', { Names }, options)),
        ) as {
          Parameters?: { Name: string; Value: string }[];
        };
        for (const { Name, Value } of answer.Parameters ?? []) found.set(Name, Value);
      }
      return found;
    },
    async write(name, value) {
      const about = { action: 'ssm:PutParameter', resource: name };
      const input = { Name: name, Value: value, Type: 'String', Overwrite: true };
      await call(about, options => send('PutParameter', input, options));
    },
  };
}
