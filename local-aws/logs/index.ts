/** CloudWatch Logs: what functions write, and what `aws logs tail` and the deployer ask of it. */

import { ApiError } from '../api/error.ts';
import type { Api } from '../api/index.ts';
import { invalid, listOf, needNumber, needText, numberOf, pageOf, textOf, textsOf } from '../api/input.ts';
import type { Input } from '../api/protocols.ts';
import type { Place } from '../lambda/arn.ts';
import { parseFilter } from './filter.ts';
import { type LogEvent, type LogGroup, type LogStore, openLogStore } from './store.ts';

export interface LogsService {
  readonly api: Api;
  /** Takes what a function wrote to its stream; a line is an event. The group is made when it is not there. */
  write(group: string, stream: string, lines: readonly string[]): void;
  close(): Promise<void>;
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const retentions: ReadonlySet<number> = new Set([
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
  ...[1096, 1827, 2192, 2557, 2922, 3288, 3653],
]);
const groupPattern = /^[.\-_/#A-Za-z0-9]{1,512}$/;
const token = { token: 'nextToken', limit: 'limit' };

/** Opens the log groups below `data`. Throws `DATA_UNREADABLE` for a damaged record. */
export function openLogs(data: string, place: Place, clock: () => number = Date.now): LogsService {
  const store = openLogStore(data, clock);
  const operations: Api['operations'] = {
    CreateLogGroup: async input => {
      const name = needText(input, 'logGroupName');
      if (!groupPattern.test(name))
        throw invalid(`Value '${name}' at 'logGroupName' is no name of a log group`);
      if (store.groups.get(name)) {
        throw new ApiError('ResourceAlreadyExistsException', 'The specified log group already exists');
      }
      await store.groups.put({ name, created: clock(), streams: [] });
    },
    DeleteLogGroup: async input => store.removeGroup(groupOf(store, input).name),
    PutRetentionPolicy: async input => {
      const retentionDays = needNumber(input, 'retentionInDays');
      if (!retentions.has(retentionDays)) {
        throw invalid(
          `1 validation error detected: Value '${retentionDays}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${[...retentions].join(', ')}]`,
        );
      }
      await store.groups.put({ ...groupOf(store, input), retentionDays });
    },
    DeleteRetentionPolicy: async input => {
      const { retentionDays: _gone, ...group } = groupOf(store, input);
      await store.groups.put(group);
    },
    DescribeLogGroups: input => {
      const prefix = textOf(input, 'logGroupNamePrefix') ?? '';
      const part = textOf(input, 'logGroupNamePattern') ?? '';
      const all = store.groups.all().filter(({ name }) => name.startsWith(prefix) && name.includes(part));
      const { items, next } = pageOf(all, input, token, 50);
      return { logGroups: items.map(group => groupForm(place, group)), nextToken: next };
    },
    CreateLogStream: async input => {
      const group = groupOf(store, input);
      const stream = needText(input, 'logStreamName');
      if (group.streams.includes(stream)) {
        throw new ApiError('ResourceAlreadyExistsException', 'The specified log stream already exists');
      }
      await store.groups.put({ ...group, streams: [...group.streams, stream] });
    },
    PutLogEvents: input => {
      const { name } = groupOf(store, input);
      const stream = needText(input, 'logStreamName');
      const events = (listOf(input, 'logEvents') ?? []).map(event => ({
        stream,
        timestamp: needNumber(event as Input, 'timestamp'),
        message: needText(event as Input, 'message'),
      }));
      store.append(name, events);
      return { nextSequenceToken: String(clock()) };
    },
    DescribeLogStreams: async input => {
      const group = groupOf(store, input);
      const prefix = textOf(input, 'logStreamNamePrefix') ?? '';
      const all = streamsOf(group, await store.events(group.name)).filter(({ logStreamName }) =>
        logStreamName.startsWith(prefix),
      );
      if (textOf(input, 'orderBy') === 'LastEventTime') {
        all.sort((a, b) => (a.lastEventTimestamp ?? 0) - (b.lastEventTimestamp ?? 0));
      }
      if (input['descending'] === true) all.reverse();
      const { items, next } = pageOf(all, input, token, 50);
      return { logStreams: items, nextToken: next };
    },
    GetLogEvents: async input => {
      const group = groupOf(store, input);
      const wanted = { ...input, logStreamNames: [needText(input, 'logStreamName')] };
      const all = select(await store.events(group.name), wanted);
      const { items, next } = pageOf(all, input, token, 10_000);
      return {
        events: items.map(({ timestamp, message }) => ({ timestamp, message, ingestionTime: timestamp })),
        nextForwardToken: next ?? String(all.length),
        nextBackwardToken: '0',
      };
    },
    FilterLogEvents: async input => {
      const group = groupOf(store, input);
      const all = select(await store.events(group.name), input);
      const { items, next } = pageOf(all, input, token, 10_000);
      return {
        events: items.map(({ id, stream, timestamp, message }) => ({
          ...{ eventId: id, logStreamName: stream, timestamp, ingestionTime: timestamp, message },
        })),
        searchedLogStreams: [],
        nextToken: next,
      };
    },
  };
  return {
    api: { service: 'logs', namespace: '', operations },
    write(group, stream, lines) {
      const timestamp = clock();
      if (!store.groups.get(group)) void store.groups.put({ name: group, created: timestamp, streams: [] });
      store.append(
        group,
        lines.map(message => ({ stream, timestamp, message })),
      );
    },
    close: () => store.close(),
  };
}

/** Events within the times, streams and pattern of a request, oldest first. */
function select(events: readonly LogEvent[], input: Input): readonly LogEvent[] {
  const from = numberOf(input, 'startTime') ?? 0;
  const to = numberOf(input, 'endTime') ?? Number.POSITIVE_INFINITY;
  const streams = textsOf(input, 'logStreamNames');
  const prefix = textOf(input, 'logStreamNamePrefix') ?? '';
  const matches = parseFilter(textOf(input, 'filterPattern') ?? '');
  return events
    .filter(
      ({ timestamp, stream, message }) =>
        timestamp >= from &&
        timestamp < to &&
        (streams?.includes(stream) ?? stream.startsWith(prefix)) &&
        matches(message),
    )
    .sort((a, b) => a.timestamp - b.timestamp);
}

function groupOf(store: LogStore, input: Input): LogGroup {
  // An identifier may be the group's ARN, which clients send instead of its name.
  const given = textOf(input, 'logGroupName') ?? needText(input, 'logGroupIdentifier');
  const name = given.replace(/^arn:aws[\w-]*:logs:[\w-]+:\d{12}:log-group:/, '').replace(/:\*$/, '');
  const group = store.groups.get(name);
  if (group) return group;
  throw new ApiError('ResourceNotFoundException', 'The specified log group does not exist.');
}

function groupForm({ region, account }: Place, { name, created, retentionDays }: LogGroup) {
  const arn = `arn:aws:logs:${region}:${account}:log-group:${name}`;
  return {
    ...{ logGroupName: name, creationTime: created, retentionInDays: retentionDays },
    ...{ metricFilterCount: 0, arn: `${arn}:*`, logGroupArn: arn, storedBytes: 0, logGroupClass: 'STANDARD' },
  };
}

function streamsOf(group: LogGroup, events: readonly LogEvent[]) {
  const times = new Map<string, { first?: number; last?: number }>(group.streams.map(name => [name, {}]));
  for (const { stream, timestamp } of events) {
    times.set(stream, { first: times.get(stream)?.first ?? timestamp, last: timestamp });
  }
  return [...times].sort().map(([logStreamName, { first, last }]) => ({
    ...{ logStreamName, firstEventTimestamp: first, lastEventTimestamp: last, lastIngestionTime: last },
    ...{ creationTime: first ?? group.created, storedBytes: 0 },
  }));
}
