/** The only reader of the process environment in the handler: variables in, complete typed settings out. */
import path from 'node:path';
import { layerRoot } from '../artifact/layout.ts';
import { systemClock } from './clock.ts';
import { HandlerError } from './errors.ts';
import type { DownloadLimits, LoaderSettings, SourceChoice } from './settings.ts';
import { sources } from './settings.ts';

export const defaultLimits: DownloadLimits = {
  attempts: 4,
  connectMs: 1000,
  firstByteMs: 2000,
  stallMs: 2000,
  attemptMs: 6000,
  minBytesPerSecond: 16_384,
  throughputWindowMs: 2000,
  backoffMs: 50,
  backoffCapMs: 1000,
  retryAfterCapMs: 2000,
};

/**
 * Settings of the loader from environment variables (table in docs/resolution.md).
 * The region says where to look, never whether we run in Lambda: laptops and CI set it too.
 *
 * Throws `DEPS_SETTINGS` when a variable holds a value that is not allowed; the message names those that are.
 */
export function readSettings(env: NodeJS.ProcessEnv): LoaderSettings {
  const dir = absolute('DEPS_DIR', env['DEPS_DIR'], '/tmp/deps');
  return {
    source: sourceOf(env['DEPS_SOURCE']),
    dir,
    layerRoot: absolute('DEPS_LAYER_ROOT', env['DEPS_LAYER_ROOT'], layerRoot),
    taskRoot: env['LAMBDA_TASK_ROOT'] || process.cwd(),
    deadlineMs: milliseconds('DEPS_DEADLINE_MS', env['DEPS_DEADLINE_MS'], 8000),
    repeatedInitMs: mayRepeatInit(env, dir) ? 1500 : undefined,
    memoryMb: Number(env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']) || undefined,
    region: regionOf(env['AWS_REGION'] || env['AWS_DEFAULT_REGION']),
    endpoint: endpointOf(env),
    dualStack: isTrue(env['AWS_USE_DUALSTACK_ENDPOINT']),
    fips: isTrue(env['AWS_USE_FIPS_ENDPOINT']),
    // with the downloader, which alone asks for them
    credentials: async timeoutMs => (await import('./fetch.ts')).readCredentials(env, timeoutMs),
    limits: defaultLimits,
    log: () => {},
    clock: systemClock,
    random: Math.random,
  };
}

/** On demand alone; and /tmp alone is the environment's own, so that a store in it is of an earlier start. */
function mayRepeatInit(env: NodeJS.ProcessEnv, dir: string): boolean {
  const type = env['AWS_LAMBDA_INITIALIZATION_TYPE'] || 'on-demand';
  return Boolean(env['AWS_LAMBDA_RUNTIME_API']) && type === 'on-demand' && dir.startsWith('/tmp/');
}

function sourceOf(value: string | undefined): SourceChoice {
  const choice = value || 'auto';
  const found = sources.find(source => source === choice);
  if (found !== undefined) return found;
  throw invalid('DEPS_SOURCE', sources.join(', '), choice);
}

function absolute(name: string, value: string | undefined, fallback: string): string {
  if (!value) return fallback;
  if (path.isAbsolute(value) && !value.includes('\0')) return path.normalize(value);
  throw invalid(name, 'an absolute path', value);
}

function milliseconds(name: string, value: string | undefined, fallback: number): number {
  if (!value) return fallback;
  const number = Number(value);
  // 900 s is the longest time-out of a function: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  if (/^\d+$/.test(value) && number >= 1 && number <= 900_000) return number;
  throw invalid(name, 'milliseconds, a whole number from 1 to 900000', value);
}

/** The region becomes part of a host name, so its grammar is narrow. */
function regionOf(value: string | undefined): string | undefined {
  if (!value) return undefined;
  if (/^[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}$/.test(value)) return value;
  throw invalid('AWS_REGION', 'a region such as us-east-1', value);
}

/** As the AWS SDKs read it: the service's own variable first, both ignored on demand. */
function endpointOf(env: NodeJS.ProcessEnv): string | undefined {
  if (isTrue(env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'])) return undefined;
  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) {
    const value = env[name];
    if (!value) continue;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
    if (url !== undefined && isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '');
    throw invalid(name, 'http:// or https:// with a host, no user, query or fragment', redact(value));
  }
  return undefined;
}

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

/** An address may carry a password: only its scheme is repeated. */
function redact(value: string): string {
  return /^https?:\/\//.test(value) ? `${value.slice(0, value.indexOf('//'))}//…` : '…';
}

function invalid(name: string, expected: string, found: string): HandlerError {
  const shown = JSON.stringify(found.length > 80 ? `${found.slice(0, 79)}…` : found);
  return new HandlerError('DEPS_SETTINGS', `${name} is not valid (expected ${expected}; found ${shown})`, {
    hint: `set ${name} of the function to one of the allowed values, or remove it`,
    details: { variable: name, expected },
  });
}
