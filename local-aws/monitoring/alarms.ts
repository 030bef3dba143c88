/** An alarm as it is kept, read from a request and answered. */
import { ApiError } from '../api/error.ts';
import { flagOf, listOf, needNumber, needText, numberOf, textOf, textsOf } from '../api/input.ts';
import type { Input } from '../api/protocols.ts';
import type { Place } from '../lambda/arn.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export const alarmStates: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

export interface Alarm {
  readonly name: string;
  readonly description: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: string;
  readonly periodS: number;
  readonly evaluationPeriods: number;
  /** Periods that must breach. */
  readonly datapoints: number;
  readonly threshold: number;
  readonly comparison: string;
  readonly missing: string;
  readonly actionsEnabled: boolean;
  readonly actions: readonly string[];
  /** What SetAlarmState said, until newer data say otherwise. */
  readonly set: { readonly state: AlarmState; readonly reason: string; readonly at: number } | undefined;
  /** Milliseconds since the epoch. */ readonly updated: number;
}

const comparisons = [
  'GreaterThanThreshold',
  'GreaterThanOrEqualToThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
];

/** Throws `ValidationError`; metric math, anomaly detection and extended statistics are refused. */
export function readAlarm(input: Input, now: number): Alarm {
  for (const field of ['Metrics', 'ThresholdMetricId', 'ExtendedStatistic', 'EvaluationCriteria']) {
    if (input[field] !== undefined) throw refused(`local-aws knows no ${field} in alarms`);
  }
  const periodS = needNumber(input, 'Period');
  if (![10, 20, 30].includes(periodS) && (periodS <= 0 || periodS % 60 !== 0)) {
    throw refused('Period must be 10, 20, 30 or a multiple of 60');
  }
  const evaluationPeriods = needNumber(input, 'EvaluationPeriods');
  const comparison = needText(input, 'ComparisonOperator');
  if (!comparisons.includes(comparison)) {
    throw refused(`Value '${comparison}' at 'comparisonOperator' must be one of ${comparisons.join(', ')}`);
  }
  return {
    name: needText(input, 'AlarmName'),
    description: textOf(input, 'AlarmDescription') ?? '',
    namespace: needText(input, 'Namespace'),
    metric: needText(input, 'MetricName'),
    dimensions: Object.fromEntries(
      (listOf(input, 'Dimensions') ?? []).map(one => [
        needText(one as Input, 'Name'),
        needText(one as Input, 'Value'),
      ]),
    ),
    statistic: needText(input, 'Statistic'),
    ...{ periodS, evaluationPeriods, comparison },
    datapoints: numberOf(input, 'DatapointsToAlarm') ?? evaluationPeriods,
    threshold: needNumber(input, 'Threshold'),
    missing: textOf(input, 'TreatMissingData') ?? 'missing',
    actionsEnabled: flagOf(input, 'ActionsEnabled') ?? true,
    actions: textsOf(input, 'AlarmActions') ?? [],
    set: undefined,
    updated: now,
  };
}

export function alarmForm(
  { region, account }: Place,
  alarm: Alarm,
  found: { readonly state: AlarmState; readonly reason: string; readonly at: number },
) {
  return {
    ...{ AlarmName: alarm.name, AlarmArn: `arn:aws:cloudwatch:${region}:${account}:alarm:${alarm.name}` },
    ...(alarm.description === '' ? {} : { AlarmDescription: alarm.description }),
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.updated),
    ...{ ActionsEnabled: alarm.actionsEnabled, AlarmActions: alarm.actions, OKActions: [] },
    ...{ InsufficientDataActions: [], StateValue: found.state, StateReason: found.reason },
    StateUpdatedTimestamp: new Date(found.at),
    ...{ MetricName: alarm.metric, Namespace: alarm.namespace, Statistic: alarm.statistic },
    Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
    ...{ Period: alarm.periodS, EvaluationPeriods: alarm.evaluationPeriods },
    ...{ DatapointsToAlarm: alarm.datapoints, Threshold: alarm.threshold },
    ...{ ComparisonOperator: alarm.comparison, TreatMissingData: alarm.missing },
  };
}

export function refused(message: string): ApiError {
  return new ApiError('ValidationError', message);
}
