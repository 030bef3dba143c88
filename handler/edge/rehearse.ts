/**
 * Walks the path of a request once during init, with an app of its own. Init runs at full speed, the first request
 * at the share of a processor that its memory buys: what loads lazily is cheaper here.
 */
import { serveBuffered } from './buffered.ts';
import { createReporter } from './report.ts';
import { createServe } from './serve.ts';
import type { EdgeSettings } from './settings.ts';
import { openVisit } from './visit.ts';

/** Settles when it is over. Writes nothing, calls nothing of the app, never rejects. */
export async function rehearse(settings: EdgeSettings): Promise<void> {
  const logger = { log: () => {}, isEnabled: () => false };
  const reporter = createReporter(settings, true, () => {});
  const visit = openVisit({ kind: 'http', source: 'http-v2', event }, undefined, settings, false, undefined);
  const serve = createServe((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
  await serveBuffered(visit, serve, patienceMs, { settings, logger, reporter }).catch(() => undefined);
}

const event = {
  version: '2.0',
  rawPath: '/',
  rawQueryString: '',
  headers: { accept: '*/*' },
  requestContext: { http: { method: 'GET', path: '/' } },
};
const patienceMs = 1000;
