/** Asynchronous events: accepted at once, run later, tried again when the function fails, told to a destination. In memory only. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FunctionName } from './arn.ts';
import { type Outcome, sendToDestination } from './destinations.ts';
import { LambdaError } from './errors.ts';
import { type Fields, integer } from './fields.ts';
import { type Invoked, type InvokeOptions, invoke } from './invocations.ts';
import { at } from './records.ts';
import type { Service } from './service.ts';

/** Lambda waits one minute, then two; here it is seconds, because somebody is watching. */
const pausesMs = [1000, 2000];

const sixHoursS = 21_600;

/** As Lambda ends a loop of functions that call each other. */
const longestChain = 16;

/**
 * Runs an event in the background: up to three times when the handler fails (MaximumRetryAttempts of the
 * function's event invoke config), until it is too old when it is throttled (MaximumEventAgeInSeconds). What came of
 * it goes to the destination of the config when that is a function. What is queued when the server stops is lost.
 * `chain` counts the destinations before this one.
 */
export function enqueue(service: Service, name: FunctionName, options: InvokeOptions, chain = 0): void {
  run(service, name, options, chain).catch(error =>
    service.log(`local-aws: event for ${name.name} was dropped: ${error.message}`),
  );
}

async function run(
  service: Service,
  name: FunctionName,
  options: InvokeOptions,
  chain: number,
): Promise<void> {
  const record = service.store.functions.get(name.name);
  const config = (record && at(record.asynchronous, name.qualifier ?? '$LATEST')) ?? {};
  const outcome = await attempt(service, name, options, config);
  if (outcome.condition !== 'Success') {
    const { invoked, condition, count } = outcome;
    const requestId = invoked?.requestId ?? options.requestId;
    service.log(
      `local-aws: event ${requestId} for ${name.name} was given up after ${count} attempts: ${condition}`,
    );
  }
  sendToDestination({ service, name, options, config }, outcome, (to, payload) => {
    if (chain < longestChain) enqueue(service, to, { payload }, chain + 1);
    else service.log(`local-aws: a loop of ${longestChain} destinations was ended at ${to.name}`);
  });
}

async function attempt(
  service: Service,
  name: FunctionName,
  options: InvokeOptions,
  config: Fields,
): Promise<Outcome> {
  const retries = integer(config, 'MaximumRetryAttempts') ?? pausesMs.length;
  const latest = Date.now() + (integer(config, 'MaximumEventAgeInSeconds') ?? sixHoursS) * 1000;
  let invoked: Invoked | undefined;
  for (let count = 0; ; ) {
    try {
      invoked = await invoke(service, name, options);
      count++;
      if (!invoked.result.functionError) return { condition: 'Success', count, invoked };
      if (count > retries) return { condition: 'RetriesExhausted', count, invoked };
    } catch (error) {
      if (!(error instanceof LambdaError) || error.status !== 429) throw error;
    }
    const pause = pausesMs[Math.max(0, count - 1)] ?? 2000;
    if (Date.now() + pause > latest) return { condition: 'EventAgeExceeded', count, invoked };
    await wait(pause, undefined, { ref: false });
  }
}
