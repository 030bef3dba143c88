/** The state of CloudWatch alarms. */
import type { SideAccess } from './side-access.ts';

export interface AlarmState {
  readonly name: string;
  /** `OK`, `ALARM` or `INSUFFICIENT_DATA`. */
  readonly state: string;
  /** CloudWatch's own words for it. */
  readonly reason: string;
}

interface Described {
  readonly AlarmName: string;
  readonly StateValue: string;
  readonly StateReason?: string;
}

/** The alarms of these names, at most 100; one that does not exist is absent. */
export async function readAlarms(side: SideAccess, names: readonly string[]): Promise<readonly AlarmState[]> {
  const about = { action: 'cloudwatch:DescribeAlarms', resource: names.join(', ') };
  const input = { AlarmNames: names, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], MaxRecords: 100 };
  const text = await side.call(about, options => side.cloudwatch('DescribeAlarms', input, options));
  const answer = JSON.parse(text) as { MetricAlarms?: Described[]; CompositeAlarms?: Described[] };
  return [...(answer.MetricAlarms ?? []), ...(answer.CompositeAlarms ?? [])].map(alarm => ({
    ...{ name: alarm.AlarmName, state: alarm.StateValue, reason: alarm.StateReason ?? '' },
  }));
}
