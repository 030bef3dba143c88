/** Embedded metrics: every document is one that CloudWatch takes. */
import test from 'ava';
import fc from 'fast-check';
import { createReporter } from '../../../handler/edge/report.ts';
import { readEdgeSettings } from '../../../handler/edge/settings.ts';
import { formatMetrics } from '../../../handler/metrics.ts';
import { eventOf } from './events.ts';
import { createTestEdge, koaApp } from './support.ts';

type Document = Readonly<Record<string, unknown>>;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
function problemsOf(document: Document): string[] {
  const problems: string[] = [];
  const aws = document['_aws'] as { Timestamp: number; CloudWatchMetrics: Document[] } | undefined;
  if (aws === undefined) return ['no _aws'];
  if (!Number.isInteger(aws.Timestamp)) problems.push('Timestamp');
  for (const { Namespace, Dimensions, Metrics } of aws.CloudWatchMetrics) {
    if (!/^[\w./#:-]{1,255}$/.test(String(Namespace)) || String(Namespace).startsWith(':'))
      problems.push('Namespace');
    const metrics = Metrics as { Name: string; Unit: string }[];
    if (metrics.length > 100) problems.push(`${metrics.length} metrics`);
    for (const { Name, Unit } of metrics) {
      if (Name.length < 1 || Name.length > 1024) problems.push('metric name');
      if (!['Milliseconds', 'Count', 'Bytes', 'Percent', 'None'].includes(Unit))
        problems.push(`unit ${Unit}`);
      const value = document[Name];
      if (typeof value !== 'number' || !Number.isFinite(value)) problems.push(`${Name} is ${String(value)}`);
    }
    for (const set of Dimensions as string[][]) {
      if (set.length > 30) problems.push(`${set.length} dimensions`);
      for (const name of set) {
        const value = document[name];
        if (typeof value !== 'string' || !/^[\u0020-\u007e]{1,1024}$/.test(value) || value.trim() === '')
          problems.push(`dimension ${name}`);
      }
    }
  }
  if (JSON.stringify(document).length > 1_048_576) problems.push('size');
  return problems;
}

function metricNames(document: Document): string[] {
  const { CloudWatchMetrics } = document['_aws'] as { CloudWatchMetrics: { Metrics: { Name: string }[] }[] };
  return CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));
}

test('each request counts itself, its time, its kind of failure and the memory in use', async t => {
  let status = 200;
  const edge = await createTestEdge(
    koaApp(context => {
      context.req.route = '/users/:id';
      context.status = status;
      context.body = 'ok';
    }),
    { STAGE: 'qa', METRICS_NAMESPACE: 'team/demo' },
  );
  for (status of [200, 404, 502]) await edge.invoke(eventOf('http-v2'));
  const documents = edge.records();
  t.deepEqual(documents.flatMap(problemsOf), []);
  t.deepEqual(
    documents.map(document => [document['requests'], document['errors_4xx'], document['errors_5xx']]),
    [
      [1, 0, 0],
      [1, 1, 0],
      [1, 0, 1],
    ],
  );
  const [first] = documents;
  t.like(first, { service: 'demo', stage: 'qa', route: '/users/:id' });
  t.deepEqual(metricNames(first ?? {}), ['requests', 'duration_ms', 'errors_4xx', 'errors_5xx', 'rss_bytes']);
  t.true(Number(first?.['rss_bytes']) > 1_000_000);
});

test('a route that nobody named is "unmatched": paths never become dimensions', async t => {
  const edge = await createTestEdge(koaApp(() => {}));
  await edge.invoke(eventOf('http-v2', { path: '/users/12345' }));
  t.is(edge.records()[0]?.['route'], 'unmatched');
});

test('the cold start counts itself with its phases', t => {
  const lines: string[] = [];
  const reporter = createReporter(readEdgeSettings({}, 'demo'), true, line => void lines.push(line));
  reporter.coldStart({
    readyMs: 120,
    initMs: 60,
    phases: { core: { choose: 1, unpack: 15 }, app: { import: 40 } },
    artifacts: [],
  });
  const document = JSON.parse(lines[0] ?? '') as Document;
  t.deepEqual(problemsOf(document), []);
  t.like(document, {
    cold_starts: 1,
    ready_ms: 120,
    core_unpack_ms: 15,
    app_import_ms: 40,
    message: 'cold start',
  });
});

test('whatever an app gives, CloudWatch takes the document', t => {
  const settings = { service: 'demo', stage: 'default', namespace: 'demo' };
  const anyText = fc.string({ unit: 'binary', maxLength: 2000 });
  const name = fc.oneof(anyText, fc.constantFrom('service', '_aws', '__proto__', ':'));
  const metric = fc.record({ name, unit: fc.constant('Count' as const), value: fc.double() });
  const property = fc.property(
    fc.array(metric, { maxLength: 120 }),
    fc.dictionary(name, anyText, { maxKeys: 40 }),
    anyText,
    (metrics, dimensions, namespace) => {
      const document = formatMetrics(metrics, dimensions, { ...settings, namespace }, 1);
      return problemsOf(document).length === 0;
    },
  );
  const result = fc.check(property, { seed: 7, numRuns: 200 });
  t.false(result.failed, JSON.stringify([result.seed, result.counterexample]).slice(0, 400));
});
