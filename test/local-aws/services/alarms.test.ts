/** CloudWatch alarms of local-aws, over the wire with the AWS SDK, and their judgement row by row. */
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import test from 'ava';
import type { Alarm, AlarmState } from '../../../local-aws/monitoring/alarms.ts';
import { judge } from '../../../local-aws/monitoring/metrics.ts';
import { type Bench, createFunction, invoke, openBench } from '../support.ts';

function clientOf({ aws }: Bench): CloudWatchClient {
  const { endpoint, region, credentials } = aws;
  return new CloudWatchClient({ endpoint, region, credentials, maxAttempts: 1 });
}

const errors: PutMetricAlarmCommandInput & { readonly AlarmName: string } = {
  AlarmName: 'errors of f',
  Namespace: 'AWS/Lambda',
  MetricName: 'Errors',
  Dimensions: [{ Name: 'FunctionName', Value: 'f' }],
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
};

test('an alarm over the errors of a function goes off when it fails, is set by hand, deleted, and kept', async t => {
  await using bench = await openBench({ sandbox: 'process' });
  const state = async () => {
    const found = await clientOf(bench).send(new DescribeAlarmsCommand({ AlarmNames: [errors.AlarmName] }));
    return found.MetricAlarms?.[0]?.StateValue;
  };
  await clientOf(bench).send(new PutMetricAlarmCommand(errors));
  t.is(await state(), 'INSUFFICIENT_DATA');
  const code = `export const handler = async event => { if (event.fail) throw new Error('no'); };`;
  await createFunction(bench.lambda, 'f', { files: { 'index.mjs': code } });
  await invoke(bench.lambda, 'f');
  t.is(await state(), 'OK');
  await invoke(bench.lambda, 'f', { fail: true });
  t.is(await state(), 'ALARM');
  const set = { AlarmName: errors.AlarmName, StateValue: 'OK', StateReason: 'by hand' } as const;
  await clientOf(bench).send(new SetAlarmStateCommand(set));
  t.is(await state(), 'OK');
  await bench.restart();
  t.is(await state(), 'OK');
  await clientOf(bench).send(new DeleteAlarmsCommand({ AlarmNames: [errors.AlarmName] }));
  t.is(await state(), undefined);
});

test('what this server cannot judge is refused by name', async t => {
  await using bench = await openBench({ sandbox: 'process' });
  const Metrics = [{ Id: 'm', Expression: 'e1/e2' }];
  const { Namespace: _n, MetricName: _m, Dimensions: _d, Statistic: _s, Period: _p, ...rest } = errors;
  await t.throwsAsync(clientOf(bench).send(new PutMetricAlarmCommand({ ...rest, Metrics })), {
    message: /knows no Metrics/,
  });
});

const now = 1_000_000_000;
const alarm: Alarm = {
  ...{
    name: 'a',
    description: '',
    namespace: 'AWS/Lambda',
    metric: 'Errors',
    dimensions: { Resource: 'f:live' },
  },
  ...{ statistic: 'Sum', periodS: 60, evaluationPeriods: 2, datapoints: 2, threshold: 1 },
  ...{ comparison: 'GreaterThanOrEqualToThreshold', missing: 'missing', actionsEnabled: true, actions: [] },
  ...{ set: undefined, updated: 0 },
};
/** Seconds ago, failed, resource. */
type Row = readonly [number, boolean, string?];
const judged = test.macro({
  exec(t, change: Partial<Alarm>, rows: readonly Row[], expected: AlarmState | undefined) {
    const points = rows.map(([ago, failed, resource = 'f:live']) => ({
      ...{ at: now - ago * 1000, functionName: 'f', resource, version: '2', failed, durationMs: 1000 * ago },
    }));
    t.is(judge({ ...alarm, ...change }, points, now)?.state, expected);
  },
  title: (name = '') => `an alarm with ${name}`,
});
test(
  'a failure in each period goes off',
  judged,
  {},
  [
    [10, true],
    [70, true],
  ],
  'ALARM',
);
test(
  'a failure in one of two periods is well',
  judged,
  {},
  [
    [10, true],
    [70, false],
  ],
  'OK',
);
test(
  'one datapoint to alarm goes off by one',
  judged,
  { datapoints: 1 },
  [
    [10, true],
    [70, false],
  ],
  'ALARM',
);
test('failures before its periods has no data', judged, {}, [[130, true]], 'INSUFFICIENT_DATA');
test(
  'failures of another resource has no data',
  judged,
  {},
  [
    [10, true, 'f'],
    [70, true, 'f'],
  ],
  'INSUFFICIENT_DATA',
);
test('missing data that breach goes off', judged, { missing: 'breaching' }, [], 'ALARM');
test('missing data that do not breach is well', judged, { missing: 'notBreaching' }, [], 'OK');
test(
  'a low average duration goes off below its threshold',
  judged,
  {
    metric: 'Duration',
    statistic: 'Average',
    comparison: 'LessThanThreshold',
    threshold: 41_000,
    datapoints: 1,
  },
  [
    [10, false],
    [40, false],
  ],
  'ALARM',
);
test(
  'a metric that is not counted here is not judged',
  judged,
  { metric: 'Throttles' },
  [[1, true]],
  undefined,
);
