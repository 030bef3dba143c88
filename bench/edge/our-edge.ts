/** Our edge as `handler/index.ts` makes it, around an app of the measurement's own. */
import type Koa from 'koa';
import { listenerOf } from '../../handler/app.ts';
import { createEdge } from '../../handler/edge/edge.ts';
import { startInit } from '../../handler/edge/init.ts';
import { createReporter } from '../../handler/edge/report.ts';
import { createServe } from '../../handler/edge/serve.ts';
import { readEdgeSettings } from '../../handler/edge/settings.ts';
import { createLogger } from '../../handler/log.ts';

export type Handler = (event: unknown, context: unknown) => unknown;

/** @param write takes each line of the log */
export async function makeEdge(app: Koa, write: (line: string) => void): Promise<Handler> {
  const settings = readEdgeSettings({}, 'bench');
  const logger = createLogger(settings, write);
  const reporter = createReporter(settings, logger.isEnabled('INFO'), write);
  const listener = await listenerOf(app, () => {});
  const init = await startInit({
    run: async () => ({
      app: { kind: 'http' as const, listener },
      serve: createServe(listener),
      serverTiming: '',
    }),
    onFailure: () => {},
    now: () => performance.now(),
  });
  return createEdge({ init, settings, logger, reporter }).handler;
}
