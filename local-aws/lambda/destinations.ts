/** What came of an asynchronous event, as Lambda tells it to the destination of the event invoke config. */
import { type FunctionName, functionArn, parseFunctionName } from './arn.ts';
import { type Fields, record as recordField, text } from './fields.ts';
import type { Invoked, InvokeOptions } from './invocations.ts';
import type { Service } from './service.ts';

export interface Outcome {
  readonly condition: 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';
  /** How often the function was run. */
  readonly count: number;
  /** The last run; undefined when there was none. */
  readonly invoked?: Invoked | undefined;
}

interface Event {
  readonly service: Service;
  readonly name: FunctionName;
  readonly options: InvokeOptions;
  /** The event invoke config of the qualifier. */
  readonly config: Fields;
}

/** Calls `send` when the config names a function for this outcome; of queues, topics and buses there are none here, which the log says. */
export function sendToDestination(
  event: Event,
  outcome: Outcome,
  send: (to: FunctionName, payload: Buffer) => void,
): void {
  const when = outcome.condition === 'Success' ? 'OnSuccess' : 'OnFailure';
  const arn = text(
    recordField(recordField(event.config, 'DestinationConfig') ?? {}, when) ?? {},
    'Destination',
  );
  if (!arn) return;
  if (arn.split(':')[2] === 'lambda') send(parseFunctionName(arn), Buffer.from(formatRecord(event, outcome)));
  else event.service.log(`local-aws: only functions are destinations here; nothing was sent to ${arn}`);
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function formatRecord({ service, name, options }: Event, { condition, count, invoked }: Outcome): string {
  const qualifier = name.qualifier ?? '$LATEST';
  return JSON.stringify({
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId: options.requestId ?? invoked?.requestId,
      functionArn: functionArn(service.place, name.name, qualifier),
      condition,
      approximateInvokeCount: count,
    },
    requestPayload: parse(options.payload),
    ...(invoked && {
      responseContext: {
        statusCode: 200,
        executedVersion: invoked.executedVersion,
        ...(invoked.result.functionError ? { functionError: 'Unhandled' } : {}),
      },
      responsePayload: parse(invoked.result.payload),
    }),
  });
}

function parse(payload: Buffer): unknown {
  return payload.length === 0 ? {} : JSON.parse(payload.toString());
}
