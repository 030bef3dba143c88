/** Asynchronous events: accepted at once, run later, tried again when the function fails. In memory only. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FunctionName } from './arn.ts';
import { LambdaError } from './errors.ts';
import { integer } from './fields.ts';
import { type InvokeOptions, invoke } from './invocations.ts';
import { at } from './records.ts';
import type { Service } from './service.ts';

/** Lambda waits one minute, then two; here it is seconds, because somebody is watching. */
const pausesMs = [1000, 2000];

/**
 * Runs an event in the background: up to three times when the handler fails (MaximumRetryAttempts of the
 * function's event invoke config), for as long as it takes when it is throttled. What is queued when the
 * server stops is lost, and said so.
 */
export function enqueue(service: Service, name: FunctionName, options: InvokeOptions): void {
  run(service, name, options).catch(error =>
    service.log(`local-aws: event for ${name.name} was dropped: ${error.message}`),
  );
}

async function run(service: Service, name: FunctionName, options: InvokeOptions): Promise<void> {
  const record = service.store.functions.get(name.name);
  const config = record && at(record.asynchronous, name.qualifier ?? '$LATEST');
  const retries = (config && integer(config, 'MaximumRetryAttempts')) ?? pausesMs.length;
  for (let attempt = 0; attempt <= retries; ) {
    try {
      const { result } = await invoke(service, name, options);
      if (!result.functionError) return;
      attempt++;
    } catch (error) {
      if (!(error instanceof LambdaError) || error.status !== 429) throw error;
    }
    await wait(pausesMs[Math.max(0, attempt - 1)] ?? 2000, undefined, { ref: false });
  }
  service.log(
    `local-aws: event ${options.requestId} for ${name.name} failed ${retries + 1} times and was dropped`,
  );
}
