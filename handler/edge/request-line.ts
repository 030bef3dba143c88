/**
 * The line of a request, log and metrics in one. It is written for every request, so what it shares with the last one
 * of the same route and status is kept as text: `JSON.stringify` of the whole would take longer than the edge itself.
 */
import { formatLine, scopeFields } from '../log.ts';
import { cleanNamespace, cleanValue } from '../metrics.ts';
import type { HttpSource } from './classify.ts';
import type { Scope } from './scope.ts';
import type { EdgeSettings } from './settings.ts';

export interface RequestFacts {
  readonly source: HttpSource;
  readonly method: string;
  /** The route's template as the app said it, never the path. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

/** RSS is read from /proc, which takes longer than the rest of the line: once a second is enough. */
const rssEveryMs = 1000;
/** Templates of one app; past this number somebody takes paths for templates. */
const mostRoutes = 1000;

const metrics = [
  { Name: 'requests', Unit: 'Count' },
  { Name: 'duration_ms', Unit: 'Milliseconds' },
  { Name: 'errors_4xx', Unit: 'Count' },
  { Name: 'errors_5xx', Unit: 'Count' },
];
const metricsWithRss = [...metrics, { Name: 'rss_bytes', Unit: 'Bytes' }];

/** Makes the function that writes a request as text, line feed included. @param isInfo lines of level INFO are wanted */
export function requestFormatter(
  settings: EdgeSettings,
  isInfo: boolean,
): (facts: RequestFacts, scope: Scope) => string {
  const known = new Map<string, Map<number, string>>();
  let rssAt = Number.NEGATIVE_INFINITY;

  /** Everything of the metrics behind their time, but for the duration. */
  function tailOf(route: string, status: number): string {
    let statuses = known.get(route);
    if (statuses === undefined) {
      statuses = new Map();
      if (known.size < mostRoutes) known.set(route, statuses);
    }
    let tail = statuses.get(status);
    if (tail === undefined) {
      tail = formatTail(route, status, settings, metrics);
      statuses.set(status, tail);
    }
    return tail;
  }

  return (facts, scope) => {
    const now = Date.now();
    const { route, status } = facts;
    const durationMs = Math.round(facts.durationMs * 1000) / 1000;
    let tail: string;
    if (now - rssAt >= rssEveryMs) {
      rssAt = now;
      tail = `${formatTail(route, status, settings, metricsWithRss)},"rss_bytes":${process.memoryUsage.rss()}`;
    } else tail = tailOf(route, status);
    const emf = `"duration_ms":${durationMs},"_aws":{"Timestamp":${now}${tail}}\n`;
    const level = status >= 500 ? 'ERROR' : 'INFO';
    if (!isInfo && level === 'INFO') return `{${emf}`;
    const timestamp = isoTime(now);
    const { method, source } = facts;
    if (settings.format === 'Text') {
      const own = { method, source, route, status, duration_ms: durationMs };
      const record = {
        level,
        message: 'request',
        timestamp,
        service: settings.service,
        ...scopeFields(scope),
        ...own,
      };
      return `${formatLine(record, level, timestamp, scope.functionRequestId, 'Text')}{${emf}`;
    }
    // the grammar of ids, methods and sources has nothing to escape
    return `{"level":"${level}","message":"request","timestamp":"${timestamp}","function_request_id":${textOrNull(scope.functionRequestId)},"correlation_id":"${scope.correlationId}","xray_trace_id":${textOrNull(scope.traceId)},"cold_start":${scope.coldStart},"method":"${method}","source":"${source}","status":${status},${emf}`;
  };
}

function formatTail(
  route: string,
  status: number,
  settings: EdgeSettings,
  named: readonly { readonly Name: string; readonly Unit: string }[],
): string {
  const directive = [
    {
      Namespace: cleanNamespace(settings.namespace),
      Dimensions: [['service', 'stage', 'route']],
      Metrics: named,
    },
  ];
  const fields = JSON.stringify({
    service: cleanValue(settings.service),
    stage: cleanValue(settings.stage),
    route: cleanValue(route),
    requests: 1,
    errors_4xx: status >= 400 && status < 500 ? 1 : 0,
    errors_5xx: status >= 500 ? 1 : 0,
  });
  return `,"CloudWatchMetrics":${JSON.stringify(directive)}},${fields.slice(1, -1)}`;
}

let second = Number.NaN;
let secondText = '';

/** `toISOString` of a time of the present, most of which is that of the last request. */
function isoTime(now: number): string {
  const ms = now % 1000;
  if (now - ms !== second) {
    second = now - ms;
    secondText = new Date(second).toISOString().slice(0, -4);
  }
  return `${secondText}${String(ms).padStart(3, '0')}Z`;
}

function textOrNull(id: string | undefined): string {
  return id === undefined ? 'null' : `"${id}"`;
}
