/** Opens the console over a rehearsal. */

import type { LocalAws } from '../../local-aws/index.ts';
import { makeCaller } from '../aws/calls.ts';
import { openClients } from '../aws/clients.ts';
import { openInventory } from '../aws/inventory.ts';
import type { Console } from '../console/server.ts';
import { openConsole } from '../console/server.ts';
import { codeLockReader } from '../read/code-lock.ts';
import type { MainJob } from './index.ts';
import { rehearsalBucket } from './index.ts';

/** Throws `PORT_TAKEN`. */
export async function openRehearsalConsole(
  local: LocalAws,
  job: MainJob,
  options: { readonly port: number; readonly project: string },
): Promise<Console> {
  const env = {
    AWS_ENDPOINT_URL: local.endpoint,
    AWS_ACCESS_KEY_ID: local.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: local.credentials.secretAccessKey,
  };
  const clients = await openClients(env, local.region);
  const { s3, lambda } = clients;
  const call = makeCaller(clients);
  const opened = await openConsole({
    port: options.port,
    path: job.path,
    isolated: local.sandbox.isolated,
    tools: {
      ...{ s3, lambda, key: job.key, project: options.project, bucket: rehearsalBucket },
      call,
      codeLock: codeLockReader({ call }, await openInventory(clients, call)),
      endEnvironments: local.endEnvironments,
    },
    invocations: () => local.invocations,
    onInvocation: local.onInvocation,
  });
  return {
    url: opened.url,
    close: async () => {
      await opened.close();
      clients.close();
    },
  };
}
