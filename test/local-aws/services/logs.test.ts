/** CloudWatch Logs of local-aws, over the wire with the AWS SDK. */
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import test from 'ava';
import { parseFilter } from '../../../local-aws/logs/filter.ts';
import { type Bench, createFunction, invoke, openBench } from '../support.ts';

function clientOf({ aws }: Bench): CloudWatchLogsClient {
  const { endpoint, region, credentials } = aws;
  return new CloudWatchLogsClient({ endpoint, region, credentials, maxAttempts: 1 });
}

test('what a function writes is in its log group, entry by entry, after a restart too', async t => {
  await using bench = await openBench({ sandbox: 'process' });
  const code = `export const handler = async event => { console.log('first\\nsecond line'); console.error(event.say); };`;
  await createFunction(bench.lambda, 'talks', { files: { 'index.mjs': code } });
  await invoke(bench.lambda, 'talks', { say: 'needle in the log' });
  const at = { logGroupName: '/aws/lambda/talks' };
  const find = async (filterPattern: string) =>
    (await clientOf(bench).send(new FilterLogEventsCommand({ ...at, filterPattern }))).events ?? [];
  const all = await find('');
  t.regex(all[0]?.message ?? '', /^INIT_START Runtime Version: nodejs:24/);
  t.regex(all.at(-1)?.message ?? '', /^REPORT RequestId: .*Max Memory Used/);
  t.is(
    all.filter(({ message }) => message?.includes('first\nsecond line')).length,
    1,
    'one entry of two lines',
  );
  t.true((all[0]?.timestamp ?? 0) > Date.now() - 60_000);
  const streams = await clientOf(bench).send(new DescribeLogStreamsCommand(at));
  t.regex(streams.logStreams?.[0]?.logStreamName ?? '', /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  await bench.restart();
  const found = await find('needle');
  t.deepEqual(found.map(({ eventId }) => eventId).length, 1);
  t.regex(found[0]?.message ?? '', /needle in the log/);
});

test('groups and streams: made once, retained for days that AWS knows, gone when deleted', async t => {
  await using bench = await openBench({ sandbox: 'process' });
  const logs = clientOf(bench);
  const at = { logGroupName: '/app/one' };
  await logs.send(new CreateLogGroupCommand(at));
  await t.throwsAsync(logs.send(new CreateLogGroupCommand(at)), { name: 'ResourceAlreadyExistsException' });
  await t.throwsAsync(logs.send(new PutRetentionPolicyCommand({ ...at, retentionInDays: 2 })), {
    name: 'InvalidParameterException',
  });
  await logs.send(new PutRetentionPolicyCommand({ ...at, retentionInDays: 3 }));
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/app/' }));
  t.deepEqual(
    logGroups.map(({ logGroupName, retentionInDays }) => [logGroupName, retentionInDays]),
    [['/app/one', 3]],
  );
  await logs.send(new CreateLogStreamCommand({ ...at, logStreamName: 's' }));
  const now = Date.now();
  const logEvents = [
    { timestamp: now - 4 * 86_400_000, message: 'too old' },
    { timestamp: now - 1, message: 'older' },
    { timestamp: now, message: 'newer' },
  ];
  await logs.send(new PutLogEventsCommand({ ...at, logStreamName: 's', logEvents }));
  const first = await logs.send(new FilterLogEventsCommand({ ...at, limit: 1 }));
  t.deepEqual(
    first.events?.map(({ message }) => message),
    ['older'],
  );
  const { nextToken = '' } = first;
  const second = await logs.send(new FilterLogEventsCommand({ ...at, limit: 1, nextToken }));
  t.deepEqual([second.events?.map(({ message }) => message), second.nextToken], [['newer'], undefined]);
  const got = await logs.send(new GetLogEventsCommand({ ...at, logStreamName: 's', startTime: now }));
  t.deepEqual(
    got.events?.map(({ message }) => message),
    ['newer'],
  );
  await logs.send(new DeleteLogGroupCommand(at));
  await t.throwsAsync(logs.send(new FilterLogEventsCommand(at)), { name: 'ResourceNotFoundException' });
});

for (const [pattern, matches] of [
  ['', true],
  ['ERROR disk', true],
  ['ERROR network', false],
  ['"disk full"', true],
  ['"full disk"', false],
  ['ERROR -full', false],
  ['?absent ?disk', true],
  ['?absent ?missing', false],
] as const) {
  test(`the filter pattern ${JSON.stringify(pattern)} ${matches ? 'finds' : 'passes over'} its line`, t => {
    t.is(parseFilter(pattern)('ERROR disk full on /tmp'), matches);
  });
}

test('a filter pattern over JSON is refused by name, not ignored', t => {
  t.throws(() => parseFilter('{ $.level = "error" }'), { message: /terms only/ });
});
