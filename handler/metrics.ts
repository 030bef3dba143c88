/**
 * CloudWatch Embedded Metric Format: a log line that CloudWatch turns into metrics, so none is ever sent while a
 * request waits. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import type { EdgeSettings } from './edge/settings.ts';

export type Unit = 'Milliseconds' | 'Count' | 'Bytes' | 'Percent' | 'None';

export interface Metric {
  readonly name: string;
  readonly unit: Unit;
  readonly value: number;
}

export type Dimensions = Readonly<Record<string, string>>;

export type MetricSettings = Pick<EdgeSettings, 'service' | 'stage' | 'namespace'>;

/** CloudWatch's limits: metrics in one document, dimensions in one set, characters of a name or value. */
const limits = { metrics: 100, dimensions: 30, name: 255, value: 1024, namespace: 255 } as const;
const reserved = new Set(['_aws', '__proto__']);

/**
 * The fields of one EMF document: `_aws`, one field a dimension, one a metric. `service` and `stage` are always
 * dimensions. What is over a limit of CloudWatch is cut or left out, because CloudWatch would drop the document whole.
 */
export function formatMetrics(
  metrics: readonly Metric[],
  dimensions: Dimensions,
  settings: MetricSettings,
  now: number,
): Record<string, unknown> {
  // by name, so that none is there twice; a prototype cannot be told from a field
  const all = new Map([
    ['service', cleanValue(settings.service)],
    ['stage', cleanValue(settings.stage)],
  ]);
  for (const [name, value] of Object.entries(dimensions)) {
    const clean = cleanName(name);
    if (all.size < limits.dimensions && !reserved.has(clean)) all.set(clean, cleanValue(value));
  }
  const named = new Map<string, Metric>();
  for (const metric of metrics) {
    const name = cleanName(metric.name);
    if (!Number.isFinite(metric.value) || named.size >= limits.metrics || all.has(name) || reserved.has(name))
      continue;
    named.set(name, metric);
  }
  return {
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: cleanNamespace(settings.namespace),
          Dimensions: [[...all.keys()]],
          Metrics: [...named].map(([name, { unit }]) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    ...Object.fromEntries(all),
    ...Object.fromEntries([...named].map(([name, { value }]) => [name, value])),
  };
}

/** A dimension's name may not begin with a colon; both are ASCII without control characters and never empty. */
function cleanName(name: string): string {
  const clean = ascii(name).replace(/^:+/, '').slice(0, limits.name);
  return clean === '' ? 'unknown' : clean;
}

export function cleanValue(value: string): string {
  const clean = ascii(value).slice(0, limits.value).trim();
  return clean === '' ? 'unknown' : clean;
}

export function cleanNamespace(namespace: string): string {
  const clean = namespace
    .replace(/[^\w./#:-]/g, '_')
    .replace(/^:+/, '')
    .slice(0, limits.namespace);
  return clean === '' ? 'unknown' : clean;
}

function ascii(text: string): string {
  return text.replace(/[^\u0020-\u007e]/g, '?');
}
