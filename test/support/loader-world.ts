/** Settings for the loader in tests: a folder of its own, credentials that must never show, patience in milliseconds. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { defaultLimits, readSettings } from '../../handler/environment.ts';
import type { DownloadLimits, LoaderEvent, LoaderSettings } from '../../handler/loader.ts';
import { removeTreeSync } from '../../local-aws/sandbox/remove.ts';
import { region } from './artifact.ts';
import { canary } from './canaries.ts';
import { isTwoThreads, twoThreads } from './threads.ts';

/** Canaries: no message, hint, detail or log line may hold them. */
export const secret = `${canary('secret')}/+key`;
export const token = canary('session-token');

export interface LoaderWorld {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly events: LoaderEvent[];
  readonly settings: LoaderSettings;
}

/** Short pauses, and patience with a busy machine: rows about silence bring the short bounds they need. */
export const quickLimits: DownloadLimits = {
  ...defaultLimits,
  connectMs: 10_000,
  firstByteMs: 10_000,
  stallMs: 10_000,
  attemptMs: 20_000,
  throughputWindowMs: 10_000,
  backoffMs: 2,
  backoffCapMs: 8,
  retryAfterCapMs: 20,
};

export interface WorldOptions extends Partial<Omit<LoaderSettings, 'limits'>> {
  readonly limits?: Partial<DownloadLimits>;
  readonly env?: NodeJS.ProcessEnv;
}

export function loaderWorld(t: ExecutionContext, endpoint: string, more: WorldOptions = {}): LoaderWorld {
  const folder = mkdtempSync(path.join(tmpdir(), 'loader-'));
  // a sealed compile cache is read-only
  t.teardown(() => removeTreeSync(folder));
  const events: LoaderEvent[] = [];
  const env: NodeJS.ProcessEnv = {
    AWS_REGION: region,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: 'AKIDCANARY',
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_SESSION_TOKEN: token,
    DEPS_SOURCE: 's3',
    DEPS_DIR: path.join(folder, 'deps'),
    DEPS_LAYER_ROOT: path.join(folder, 'opt'),
    DEPS_DEADLINE_MS: '30000',
    // for processes apart (load-child.ts)
    LOAD_LIMITS: JSON.stringify(quickLimits),
    ...(isTwoThreads ? { THREADS: '2' } : {}),
    ...more.env,
  };
  const { limits, env: _, ...rest } = more;
  const settings: LoaderSettings = {
    ...readSettings(env),
    ...(isTwoThreads ? twoThreads : {}),
    log: event => events.push(event),
    ...rest,
    limits: { ...quickLimits, ...limits },
  };
  return { folder, env, events, settings };
}
