/** The metrics of AWS/Lambda, counted from invocations, and an alarm's state by them. */
import type { InvocationRecord } from '../sandbox/report.ts';
import type { Alarm, AlarmState } from './alarms.ts';

/** One invocation as the metrics count it. */
export interface Point {
  /** Milliseconds since the epoch, at the end of the invocation. */ readonly at: number;
  readonly functionName: string;
  /** `name`, or `name:alias` when it was called through one. */ readonly resource: string;
  readonly version: string;
  readonly failed: boolean;
  readonly durationMs: number;
}

/** What is remembered; alarms of longer periods see less than they ask for. */
const mostPoints = 10_000;

export interface Metrics {
  add(record: InvocationRecord): void;
  /** Undefined for a metric that is not counted here. */
  stateOf(alarm: Alarm, now: number): { readonly state: AlarmState; readonly reason: string } | undefined;
  /** When the newest invocation that an alarm counts ended; 0 without any. */
  newest(alarm: Alarm): number;
}

export function openMetrics(): Metrics {
  const points: Point[] = [];
  return {
    add(record) {
      points.push({
        at: record.at + record.durationMs,
        functionName: record.functionName,
        resource: record.resource,
        version: record.version,
        failed: record.status !== 'success',
        durationMs: record.durationMs,
      });
      if (points.length > mostPoints) points.shift();
    },
    stateOf: (alarm, now) => judge(alarm, points, now),
    newest: alarm => points.findLast(point => covers(alarm, point))?.at ?? 0,
  };
}

const counted: Readonly<Record<string, (point: Point) => number>> = {
  Invocations: () => 1,
  Errors: ({ failed }) => (failed ? 1 : 0),
  Duration: ({ durationMs }) => durationMs,
};

const breaches: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

const statistics: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Sum: values => values.reduce((sum, value) => sum + value, 0),
  Average: values => values.reduce((sum, value) => sum + value, 0) / values.length,
  Maximum: values => Math.max(...values),
  Minimum: values => Math.min(...values),
  SampleCount: values => values.length,
};

/** The last periods end now; at AWS they begin with the minute. Pure. */
export function judge(
  alarm: Alarm,
  points: readonly Point[],
  now: number,
): { readonly state: AlarmState; readonly reason: string } | undefined {
  const value = alarm.namespace === 'AWS/Lambda' ? counted[alarm.metric] : undefined;
  const statistic = statistics[alarm.statistic];
  const breach = breaches[alarm.comparison];
  if (value === undefined || statistic === undefined || breach === undefined) return undefined;
  const relevant = points.filter(point => covers(alarm, point));
  const periodMs = alarm.periodS * 1000;
  const windows = Array.from({ length: alarm.evaluationPeriods }, (_, index) => {
    const to = now - index * periodMs;
    const values = relevant.filter(({ at }) => at > to - periodMs && at <= to).map(value);
    return values.length === 0 ? undefined : statistic(values);
  });
  const bad = windows.filter(window =>
    window === undefined ? alarm.missing === 'breaching' : breach(window, alarm.threshold),
  );
  if (bad.length >= alarm.datapoints) {
    const shown = bad.map(window => window ?? 'missing').join(', ');
    return {
      state: 'ALARM',
      reason: `Threshold Crossed: ${bad.length} datapoints [${shown}] breach the threshold (${alarm.threshold}).`,
    };
  }
  const isKnown = windows.some(window => window !== undefined) || alarm.missing === 'notBreaching';
  return isKnown
    ? { state: 'OK', reason: `Threshold not crossed (${alarm.threshold}).` }
    : { state: 'INSUFFICIENT_DATA', reason: 'Insufficient Data: no datapoints were received.' };
}

function covers({ dimensions }: Alarm, point: Point): boolean {
  const known: Readonly<Record<string, string>> = {
    FunctionName: point.functionName,
    Resource: point.resource,
    ExecutedVersion: point.version,
  };
  return Object.entries(dimensions).every(([name, value]) => known[name] === value);
}
