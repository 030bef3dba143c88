/** The line of each request (log and metrics in one) and of each cold start. */
import type { Dependencies } from '../loader.ts';
import type { LogFields } from '../log.ts';
import { escapeControls, formatLine } from '../log.ts';
import type { Metric } from '../metrics.ts';
import { formatMetrics } from '../metrics.ts';
import type { RequestFacts } from './request-line.ts';
import { requestFormatter } from './request-line.ts';
import type { Scope } from './scope.ts';
import type { EdgeSettings } from './settings.ts';

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
