/** `--format`: what was published, in the form of another tool. For `ssm` the parameters are written. */

import type { Lock } from '../../artifact/lock.ts';
import { makeCaller } from '../aws/calls.ts';
import { openClients } from '../aws/clients.ts';
import { openParameterStore } from '../aws/parameters.ts';
import { fail } from '../errors.ts';
import type { Format } from '../report/formats.ts';
import { formatRelease, formats, parametersOf } from '../report/formats.ts';

/** Throws `USAGE` for a format that is none; undefined stays undefined. */
export function checkFormat(word: string | undefined): Format | undefined {
  if (word === undefined) return undefined;
  const format = formats.find(format => format === word);
  return format ?? fail('USAGE', `no format (expected ${formats.join(', ')}, found ${JSON.stringify(word)})`);
}

/** The text of the format. A parameter that has its value already is not written again. */
export async function outputRelease(
  format: Format,
  lock: Lock,
  release: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (format === 'ssm') {
    const byRegion = Map.groupBy(parametersOf(lock, release), ({ region }) => region);
    await Promise.all(
      [...byRegion].map(async ([region, parameters]) => {
        const clients = await openClients(env, region);
        try {
          const store = openParameterStore(clients, makeCaller(clients, { signal }), env);
          const before = await store.read(parameters.map(({ name }) => name));
          for (const { name, value } of parameters)
            if (before.get(name) !== value) await store.write(name, value);
        } finally {
          clients.close();
        }
      }),
    );
  }
  return formatRelease(format, lock, release);
}
