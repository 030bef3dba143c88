/** The `aws` command line against logs, alarms and roles, unchanged; skipped loudly where it is not installed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { findProgram } from '../../../local-aws/sandbox/shell.ts';
import { createFunction, invoke, openBench } from '../support.ts';

const run = promisify(execFile);

test('aws logs tail, cloudwatch put-metric-alarm and describe-alarms, iam create-role, sts get-caller-identity', async t => {
  if (!findProgram('aws')) {
    t.log('SKIPPED: no aws command line here');
    t.pass();
    return;
  }
  await using bench = await openBench({ sandbox: 'process' });
  const { endpoint, credentials } = bench.aws;
  const aws = async (...args: string[]): Promise<string> => {
    const env = {
      ...{ PATH: process.env['PATH'], HOME: bench.data, AWS_DEFAULT_REGION: 'us-east-1', AWS_PAGER: '' },
      ...{ AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey },
    };
    return (
      await run('aws', ['--endpoint-url', endpoint, '--output', 'text', ...args], { env })
    ).stdout.trim();
  };
  await createFunction(bench.lambda, 'told', {
    files: { 'index.mjs': `export const handler = () => console.log('hello from the function');` },
  });
  await invoke(bench.lambda, 'told');
  const filter = ['filter-log-events', '--log-group-name', '/aws/lambda/told', '--filter-pattern', 'hello'];
  t.regex(await aws('logs', ...filter, '--query', 'events[].message'), /hello from the function$/);
  const alarm = ['--alarm-name', 'calls', '--namespace', 'AWS/Lambda', '--metric-name', 'Invocations'];
  const judged = ['--statistic', 'Sum', '--period', '60', '--evaluation-periods', '1', '--threshold', '0'];
  const over = ['--dimensions', 'Name=FunctionName,Value=told'];
  const operator = ['--comparison-operator', 'GreaterThanThreshold'];
  await aws('cloudwatch', 'put-metric-alarm', ...alarm, ...judged, ...over, ...operator);
  t.is(await aws('cloudwatch', 'describe-alarms', '--query', 'MetricAlarms[].StateValue'), 'ALARM');
  const trust =
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}]}';
  const role = ['--role-name', 'r', '--assume-role-policy-document', trust];
  t.is(await aws('iam', 'create-role', ...role, '--query', 'Role.Arn'), 'arn:aws:iam::000000000000:role/r');
  t.is(await aws('sts', 'get-caller-identity', '--query', 'Account'), '000000000000');
  await t.throwsAsync(aws('iam', 'get-role', '--role-name', 'nobody'), { message: /NoSuchEntity/ });
});
