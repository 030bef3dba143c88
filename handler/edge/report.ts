/** The line of each request (log and metrics in one) and of each cold start. */
import type { Dependencies } from '../loader.ts';
import type { LogFields } from '../log.ts';
import { escapeControls, formatLine, scopeFields } from '../log.ts';
import type { Metric } from '../metrics.ts';
import { cleanNamespace, cleanValue, formatMetrics } from '../metrics.ts';
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

/** Phases in milliseconds, by artifact; `app` holds the import of the app itself. */
export type Phases = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface ColdStart {
  /** From the start of the process until the function was ready. */
  readonly readyMs: number;
  readonly initMs: number;
  readonly phases: Phases;
  readonly artifacts: Dependencies['artifacts'];
}

/** Writes lines of requests and cold starts. @param write takes one line with its line feed */
export interface Reporter {
  readonly request: (facts: RequestFacts, scope: Scope) => void;
  readonly coldStart: (facts: ColdStart) => void;
  /** A metric of the app's own, with further dimensions. */
  readonly metric: (metric: Metric, dimensions: Readonly<Record<string, string>>) => void;
}

export function createReporter(
  settings: EdgeSettings,
  isInfo: boolean,
  write: (line: string) => void,
): Reporter {
  const requestLine = requestFormatter(settings, isInfo);
  return {
    request: (facts, scope) => write(requestLine(facts, scope)),
    coldStart: facts => {
      const now = new Date();
      const metrics = formatMetrics(coldStartMetrics(facts, settings), {}, settings, now.getTime());
      const record = coldStartRecord(facts, settings, now.toISOString());
      if (isInfo && settings.format === 'JSON') write(line({ ...record, ...metrics }));
      else {
        if (isInfo) write(formatLine(record, 'INFO', now.toISOString(), undefined, 'Text'));
        write(line(metrics));
      }
    },
    metric: (metric, dimensions) => write(line(formatMetrics([metric], dimensions, settings, Date.now()))),
  };
}

function line(fields: LogFields): string {
  return `${escapeControls(JSON.stringify(fields))}\n`;
}

/** RSS is read from /proc, which takes longer than the rest of the line: once a second is enough. */
const rssEveryMs = 1000;

/**
 * The line of a request is built from parts made once: it is written for every request, and `JSON.stringify` of the
 * whole would take longer than the edge itself.
 */
function requestFormatter(
  settings: EdgeSettings,
  isInfo: boolean,
): (facts: RequestFacts, scope: Scope) => string {
  const named = [
    { Name: 'requests', Unit: 'Count' },
    { Name: 'duration_ms', Unit: 'Milliseconds' },
    { Name: 'errors_4xx', Unit: 'Count' },
    { Name: 'errors_5xx', Unit: 'Count' },
  ];
  const directive = (withRss: boolean) =>
    JSON.stringify([
      {
        Namespace: cleanNamespace(settings.namespace),
        Dimensions: [['service', 'stage', 'route']],
        Metrics: withRss ? [...named, { Name: 'rss_bytes', Unit: 'Bytes' }] : named,
      },
    ]);
  const plainDirective = directive(false);
  const rssDirective = directive(true);
  const service = `"service":${quote(cleanValue(settings.service))},"stage":${quote(cleanValue(settings.stage))}`;
  let rssAt = Number.NEGATIVE_INFINITY;

  const routes = new Map<string, string>();
  const quoteRoute = (route: string) => {
    let text = routes.get(route);
    if (text === undefined) {
      text = quote(cleanValue(route));
      if (routes.size < mostRoutes) routes.set(route, text);
    }
    return text;
  };

  return (facts, scope) => {
    const now = Date.now();
    const withRss = now - rssAt >= rssEveryMs;
    if (withRss) rssAt = now;
    const { status } = facts;
    const durationMs = round(facts.durationMs);
    const metrics = `{"_aws":{"Timestamp":${now},"CloudWatchMetrics":${withRss ? rssDirective : plainDirective}},${service},"route":${quoteRoute(facts.route)},"requests":1,"duration_ms":${durationMs},"errors_4xx":${status >= 400 && status < 500 ? 1 : 0},"errors_5xx":${status >= 500 ? 1 : 0}${withRss ? `,"rss_bytes":${process.memoryUsage.rss()}` : ''}`;
    const level = status >= 500 ? 'ERROR' : 'INFO';
    if (!isInfo && level === 'INFO') return `${metrics}}\n`;
    const timestamp = isoTime(now);
    if (settings.format === 'Text') {
      const { method, source, route } = facts;
      const ids = scopeFields(scope);
      const own = { method, source, route, status, duration_ms: durationMs };
      const record = { level, message: 'request', timestamp, service: settings.service, ...ids, ...own };
      return `${formatLine(record, level, timestamp, scope.functionRequestId, 'Text')}${metrics}}\n`;
    }
    // the grammar of ids, methods and sources has nothing to escape
    return `${metrics},"level":"${level}","message":"request","timestamp":"${timestamp}","cold_start":${scope.coldStart},"function_request_id":${textOrNull(scope.functionRequestId)},"correlation_id":"${scope.correlationId}","xray_trace_id":${textOrNull(scope.traceId)},"method":"${facts.method}","source":"${facts.source}","status":${status}}\n`;
  };
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

/** Templates of one app; past this number somebody takes paths for templates. */
const mostRoutes = 1000;

function textOrNull(id: string | undefined): string {
  return id === undefined ? 'null' : `"${id}"`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function coldStartRecord(facts: ColdStart, settings: EdgeSettings, timestamp: string): LogFields {
  return {
    level: 'INFO',
    message: isAhead(settings) ? 'initialized ahead of time' : 'cold start',
    timestamp,
    service: settings.service,
    cold_start: !isAhead(settings),
    initialization: settings.initialization,
    ready_ms: facts.readyMs,
    init_ms: facts.initMs,
    artifacts: facts.artifacts.map(({ name, source, digest, phases }) => ({ name, source, digest, phases })),
    phases: facts.phases,
  };
}

function coldStartMetrics(facts: ColdStart, settings: EdgeSettings): Metric[] {
  const phases = Object.entries(facts.phases).flatMap(([artifact, parts]) =>
    Object.entries(parts).map(
      ([phase, value]): Metric => ({ name: `${artifact}_${phase}_ms`, unit: 'Milliseconds', value }),
    ),
  );
  return [
    { name: isAhead(settings) ? 'provisioned_starts' : 'cold_starts', unit: 'Count', value: 1 },
    { name: 'ready_ms', unit: 'Milliseconds', value: facts.readyMs },
    { name: 'rss_bytes', unit: 'Bytes', value: process.memoryUsage.rss() },
    ...phases,
  ];
}

/** Provisioned and managed environments are initialised before anybody waits: nobody felt a cold start. */
export function isAhead({ initialization }: Pick<EdgeSettings, 'initialization'>): boolean {
  return initialization === 'provisioned-concurrency' || initialization === 'lambda-managed-instances';
}

/** `<artifact>-<phase>;dur=<ms>` for each phase (W3C Server-Timing). */
export function formatServerTiming(facts: Pick<ColdStart, 'phases' | 'initMs'>): string {
  const entries = Object.entries(facts.phases).flatMap(([artifact, parts]) =>
    Object.entries(parts).map(([phase, ms]) => `${artifact}-${phase};dur=${round(ms)}`),
  );
  return [...entries, `init;dur=${round(facts.initMs)}`].join(', ');
}

export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
