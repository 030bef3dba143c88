/** The log group of a function: there or not, how long it keeps events, and the events themselves. */
import { nameOf } from './failures.ts';
import type { SideAccess } from './side-access.ts';

export interface LogGroupState {
  /** Undefined: kept for ever. */
  readonly retentionDays: number | undefined;
}

export interface LogEvent {
  readonly id: string;
  readonly stream: string;
  /** Milliseconds since the epoch. */ readonly timestamp: number;
  readonly message: string;
}

/** Undefined when there is no such group. */
export async function readLogGroup(side: SideAccess, name: string): Promise<LogGroupState | undefined> {
  const answer = await send<{ logGroups?: { logGroupName: string; retentionInDays?: number }[] }>(
    side,
    'DescribeLogGroups',
    name,
    { logGroupNamePrefix: name },
  );
  // Names sort before those that they begin, so the first page holds it.
  const found = answer.logGroups?.find(group => group.logGroupName === name);
  return found && { retentionDays: found.retentionInDays };
}

/** Makes the group; one that somebody made meanwhile is as good. */
export async function createLogGroup(side: SideAccess, name: string): Promise<void> {
  await send(side, 'CreateLogGroup', name, { logGroupName: name }, 'ResourceAlreadyExistsException');
}

/** AWS deletes events older than that many days. */
export async function setRetention(side: SideAccess, name: string, days: number): Promise<void> {
  await send(side, 'PutRetentionPolicy', name, { logGroupName: name, retentionInDays: days });
}

/** Events from a time on, oldest first, page by page; none when the group is not there yet. */
export async function readEvents(
  side: SideAccess,
  name: string,
  wanted: { readonly since: number; readonly pattern: string },
): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  let nextToken: string | undefined;
  do {
    const input = {
      logGroupName: name,
      startTime: Math.floor(wanted.since),
      ...(wanted.pattern === '' ? {} : { filterPattern: wanted.pattern }),
      ...(nextToken === undefined ? {} : { nextToken }),
    };
    const answer = await send<FilteredPage>(
      side,
      'FilterLogEvents',
      name,
      input,
      'ResourceNotFoundException',
    );
    for (const { eventId, logStreamName, timestamp, message } of answer.events ?? []) {
      events.push({ id: eventId, stream: logStreamName, timestamp, message: message.replace(/\n+$/, '') });
    }
    // no token ends the pages; an empty or a repeated one must not begin them anew
    nextToken = answer.nextToken === nextToken ? undefined : answer.nextToken || undefined;
  } while (nextToken !== undefined);
  return events;
}

interface FilteredPage {
  readonly events?: readonly {
    readonly eventId: string;
    readonly logStreamName: string;
    readonly timestamp: number;
    readonly message: string;
  }[];
  readonly nextToken?: string;
}

/** `nothing`: the error that means that there is nothing to do or to read. */
async function send<Answer>(
  side: SideAccess,
  operation: string,
  group: string,
  input: object,
  nothing = '',
): Promise<Answer> {
  const about = {
    action: `logs:${operation}`,
    resource: group,
    expected: (error: unknown) => nameOf(error) === nothing,
  };
  try {
    const text = await side.call(about, options => side.logs(operation, input, options));
    return (text === '' ? {} : JSON.parse(text)) as Answer;
  } catch (error) {
    if (nameOf(error) === nothing) return {} as Answer;
    throw error;
  }
}
