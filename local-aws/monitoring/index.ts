/** CloudWatch as far as alarms over functions go: made, described by what was invoked, set by hand. */
import { ApiError } from '../api/error.ts';
import type { Api } from '../api/index.ts';
import { needText, pageOf, textOf, textsOf } from '../api/input.ts';
import type { Place } from '../lambda/arn.ts';
import type { InvocationRecord } from '../sandbox/report.ts';
import { openTable } from '../table.ts';
import { type Alarm, type AlarmState, alarmForm, alarmStates, readAlarm, refused } from './alarms.ts';
import { openMetrics } from './metrics.ts';

export interface MonitoringService {
  readonly api: Api;
  /** Counts an invocation. */
  add(record: InvocationRecord): void;
}

/** Opens the alarms below `data`. Throws `DATA_UNREADABLE` for a damaged record. */
export function openMonitoring(
  data: string,
  place: Place,
  clock: () => number = Date.now,
): MonitoringService {
  const alarms = openTable<Alarm>(data);
  const metrics = openMetrics();

  function stateOf(alarm: Alarm): { state: AlarmState; reason: string; at: number } {
    const now = clock();
    const found = metrics.stateOf(alarm, now);
    if (alarm.set && (found === undefined || metrics.newest(alarm) <= alarm.set.at)) return alarm.set;
    const unknown = { state: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' } as const;
    return { ...(found ?? unknown), at: found === undefined ? alarm.updated : now };
  }

  const operations: Api['operations'] = {
    PutMetricAlarm: async input => alarms.put(readAlarm(input, clock())),
    DescribeAlarms: input => {
      const names = textsOf(input, 'AlarmNames');
      const prefix = textOf(input, 'AlarmNamePrefix') ?? '';
      const state = textOf(input, 'StateValue');
      const all = alarms
        .all()
        .filter(({ name }) => names?.includes(name) ?? name.startsWith(prefix))
        .map(alarm => ({ alarm, found: stateOf(alarm) }))
        .filter(({ found }) => state === undefined || found.state === state);
      const { items, next } = pageOf(all, input, { token: 'NextToken', limit: 'MaxRecords' }, 100);
      return {
        CompositeAlarms: [],
        MetricAlarms: items.map(({ alarm, found }) => alarmForm(place, alarm, found)),
        NextToken: next,
      };
    },
    SetAlarmState: async input => {
      const name = needText(input, 'AlarmName');
      const alarm = alarms.get(name);
      if (alarm === undefined) throw new ApiError('ResourceNotFound', `Unknown alarm ${name}`, 404);
      const state = needText(input, 'StateValue');
      if (!alarmStates.includes(state)) throw refused(`Value '${state}' at 'stateValue' is no state`);
      const set = { state: state as AlarmState, reason: needText(input, 'StateReason'), at: clock() };
      await alarms.put({ ...alarm, set });
    },
    DeleteAlarms: async input => {
      for (const name of textsOf(input, 'AlarmNames') ?? []) await alarms.remove(name);
    },
  };
  return {
    api: { service: 'monitoring', namespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/', operations },
    add: metrics.add,
  };
}
