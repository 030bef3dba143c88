/** The init phase: R1 to R7 in order, then the handler. What can fail is tried again later, not here. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Lock } from '../../artifact/lock.ts';
import { loadApp } from '../app.ts';
import { monotonic } from '../clock.ts';
import type { Dependencies, LoaderSettings } from '../loader.ts';
import type { Logger } from '../log.ts';
import { createLogger, writeStdout } from '../log.ts';
import type { Unit } from '../metrics.ts';
import type { readUntrusted } from '../zip/untrusted.ts';
import type { LambdaHandler, Ready } from './edge.ts';
import { createEdge } from './edge.ts';
import { startInit } from './init.ts';
import { rehearse } from './rehearse.ts';
import type { ColdStart, Phases } from './report.ts';
import { createReporter, formatServerTiming, round } from './report.ts';
import { currentScope } from './scope.ts';
import { createServe } from './serve.ts';
import { readEdgeSettings } from './settings.ts';
import type { AwsLambda } from './streamed.ts';
import type { VisitTools } from './visit.ts';

/** What `createApp` gets. */
export interface AppContext {
  readonly dependencies: Dependencies;
  /** Writes one line with the ids of the request; secrets are taken out. */
  readonly log: Logger['log'];
  /** Writes a metric with `service`, `stage` and these dimensions. */
  readonly metric: (
    name: string,
    value: number,
    unit: Unit,
    dimensions?: Readonly<Record<string, string>>,
  ) => void;
  /** Loads the strict reader for strangers' zips (docs/security.md), which shares its code with the loader's. */
  readonly readZip: () => Promise<typeof readUntrusted>;
}

export interface StartOptions {
  /** Folder of the function package: `deps.lock.json` and `app.mjs` lie there. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly readLock: (folder: string) => Lock;
  readonly readSettings: (env: NodeJS.ProcessEnv) => LoaderSettings;
  readonly resolve: (lock: Lock, settings: LoaderSettings) => Promise<Dependencies>;
  /** The runtime's global of this name. */
  readonly awslambda?: AwsLambda | undefined;
  /** @default process.stdout.write */
  readonly write?: (line: string) => void;
}

export interface Started {
  readonly handler: LambdaHandler;
  /** For `RESPONSE_STREAM` function URLs; undefined where the runtime has no streaming. */
  readonly stream: unknown;
}

/** Name of the app's entry beside the handler; the builder writes it. */
const appFile = 'app.mjs';

/** Runs the init phase. Never rejects: a failure is logged, answered with 503 and tried again. */
export async function start(options: StartOptions): Promise<Started> {
  const { env, write = writeStdout } = options;
  const lock = attemptLock(options);
  const service = lock?.service ?? env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'unknown';
  const settings = readEdgeSettings(env, service);
  const logger = createLogger(settings, write);
  const reporter = createReporter(settings, logger.isEnabled('INFO'), write);
  const tools: VisitTools = { settings, logger, reporter };
  const init = await startInit<Ready>({
    run: (deadlineMs, attempt) =>
      initialise(options, tools, deadlineMs, attempt === 1 ? lock : undefined, attempt),
    onFailure: (error, attempt, retryAfterSeconds) =>
      logger.log('ERROR', 'init failed', { attempt, retry_after_s: retryAfterSeconds, error }),
    now: monotonic,
  });
  const edge = createEdge({ ...tools, init });
  const { awslambda } = options;
  return { handler: edge.handler, stream: awslambda?.streamifyResponse(edge.stream(awslambda)) };
}

/** The name of the service is in the lock; what is wrong with a lock is found, logged and answered in R1. */
function attemptLock(options: StartOptions): Lock | undefined {
  try {
    return options.readLock(options.folder);
  } catch {
    return undefined;
  }
}

/** One attempt at R1 to R7. Throws what the loader and the app throw. */
async function initialise(
  options: StartOptions,
  tools: VisitTools,
  deadlineMs: number,
  known: Lock | undefined,
  attempt: number,
): Promise<Ready> {
  const { logger, reporter } = tools;
  const startedAt = monotonic();
  // R1
  const lock = known ?? options.readLock(options.folder);
  const settings = options.readSettings(options.env);
  const events: LoaderSettings['log'] = ({ level, event, ...facts }) =>
    logger.log(level === 'warn' ? 'WARN' : 'INFO', event, facts);
  let rehearsal: Promise<void> | undefined;
  const rehearseOnce = () => {
    rehearsal ??= rehearse(tools.settings);
    return rehearsal;
  };
  // R2 to R6
  const dependencies = await options.resolve(lock, {
    ...settings,
    deadlineMs: Math.min(settings.deadlineMs, deadlineMs),
    log: events,
    meanwhile: rehearseOnce,
  });
  // R7
  const importedAt = monotonic();
  const context: AppContext = {
    dependencies,
    log: logger.log,
    metric: (name, value, unit, dimensions = {}) => reporter.metric({ name, value, unit }, dimensions),
    readZip: async () => (await import('../fetch.ts')).readUntrusted,
  };
  const url = pathToFileURL(path.join(options.folder, appFile));
  // an ES module that failed stays failed under its URL
  if (attempt > 1) url.searchParams.set('attempt', String(attempt));
  const app = await loadApp(url, context, error => appFailed(error, logger));
  const serve = app.kind === 'http' ? createServe(app.listener) : undefined;
  const importMs = round(monotonic() - importedAt);
  if (serve !== undefined) await rehearseOnce();
  const facts: ColdStart = {
    readyMs: round(process.uptime() * 1000),
    initMs: round(monotonic() - startedAt),
    phases: phasesOf(dependencies, importMs),
    artifacts: dependencies.artifacts,
  };
  reporter.coldStart(facts);
  return { app, serve, serverTiming: formatServerTiming(facts) };
}

/** Koa's `error` event: an error that no middleware caught, or one that an app reports itself. */
export function appFailed(error: unknown, logger: Logger): void {
  const scope = currentScope();
  if (scope !== undefined) scope.appFailed = true;
  logger.log('ERROR', 'the app failed', { error });
}

function phasesOf(dependencies: Dependencies, importMs: number): Phases {
  const phases: Record<string, Record<string, number>> = {};
  for (const artifact of dependencies.artifacts) {
    phases[artifact.name] = Object.fromEntries(
      Object.entries(artifact.phases).map(([phase, ms]) => [phase, round(ms)]),
    );
  }
  phases['app'] = { ...phases['app'], import: importMs };
  return phases;
}
